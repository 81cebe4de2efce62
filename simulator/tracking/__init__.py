"""The Tracking API as SDKs know it."""
