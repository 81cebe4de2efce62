"""Segment profiles: whom Segment itself takes a message to be of, worked out of the log."""
