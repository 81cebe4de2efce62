"""From a message to its fate at each connection."""
