"""What Inkstand brings to pytest: `plugin` is loaded by pytest, `workspace` is what a test is given."""
