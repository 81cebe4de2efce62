"""Claims compared with the rows of views. Pure."""
