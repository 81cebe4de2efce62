"""Playing stories: what each verb does, how a story ended and why."""
