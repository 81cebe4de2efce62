"""What Segment's destination tells Inkit: profiles, and the documents that identify calls ask for."""
