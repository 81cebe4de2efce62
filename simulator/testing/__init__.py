"""What Inkstand brings to pytest."""
