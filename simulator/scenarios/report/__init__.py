"""How stories ended, told: for people, as JSON, as JUnit XML, and as GitHub wants it."""
