"""The commands of `inkstand`, by what they are for."""
