"""Protocols: tracking plans, what violates them, and what a source's settings make of it. Pure."""
