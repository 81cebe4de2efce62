"""Inkstand: a local Segment with fake Inkit and Movable Ink, for tests and demos."""

__version__ = "0.1.0"
