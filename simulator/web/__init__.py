"""What a browser sees: health and the root page."""
