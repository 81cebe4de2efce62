"""Workspaces: one database each, and the registry that knows which credential opens which."""
