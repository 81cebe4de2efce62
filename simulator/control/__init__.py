"""The control API under `/_sandbox/v1`: what scenarios, tests and the command line ask the sandbox to do."""
