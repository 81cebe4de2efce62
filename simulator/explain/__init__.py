"""A message's journey, told from its recorded reasons."""
