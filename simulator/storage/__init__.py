"""The simulator's own tables; engine, pragmas and the writer door are in `fakes.kit.storage`."""
