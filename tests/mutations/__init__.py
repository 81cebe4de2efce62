"""Mistakes that the suite must find: each is made in a copy of the code, and the tests of identity must go red."""
