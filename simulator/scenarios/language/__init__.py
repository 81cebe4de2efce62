"""The language of stories: what a file may hold, how it is read, who plays in it."""
