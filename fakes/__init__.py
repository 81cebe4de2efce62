"""Pretend vendors: each folder beside `kit` is one service, told everything it knows over HTTP."""
