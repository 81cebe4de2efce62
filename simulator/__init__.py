"""The pretend Segment: takes what SDKs post, works out what follows, delivers it, and can say why."""
