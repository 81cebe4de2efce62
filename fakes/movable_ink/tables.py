"""What the fake Movable Ink keeps: events, and a row for each change of an owner, a link, a profile."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, LargeBinary, MetaData, Table, Text

METADATA = MetaData()

endpoints = Table(
    "movable_ink_endpoints",
    METADATA,
    Column("seq", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("access_key", Text, nullable=False),
    Column("access_secret", Text, nullable=False),
    Column("lenient", Integer, nullable=False),
    Column("mappings", Text, nullable=False),
    Index("movable_ink_endpoints_key", "key", unique=True),
)
choices = Table(
    "movable_ink_choices",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
apps = Table(
    "movable_ink_apps",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("html", Text, nullable=False),
    Column("width", Integer, nullable=False),
)
opens = Table(
    "movable_ink_opens",
    METADATA,
    Column("seq", Integer, primary_key=True),
    Column("app", Text, nullable=False),
    Column("mi_u", Text, nullable=False),
    Column("kind", Text),
    Column("owner", Text),
    Column("format", Text, nullable=False),
    Column("shown", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("user_agent", Text),
    Column("at", Integer, nullable=False),
)
rejected = Table(
    "movable_ink_rejected",
    METADATA,
    Column("seq", Integer, primary_key=True),
    Column("request_id", Text, nullable=False),
    Column("endpoint", Text, nullable=False),
    Column("place", Integer, nullable=False),
    Column("message_id", Text),
    Column("name", Text),
    Column("reasons", Text, nullable=False),
    Column("received_at", Integer, nullable=False),
    Column("raw", LargeBinary, nullable=False),
)
events = Table(
    "movable_ink_events",
    METADATA,
    Column("seq", Integer, primary_key=True),
    Column("event_id", Text, nullable=False),
    Column("endpoint", Text, nullable=False),
    Column("message_id", Text),
    Column("digest", Text),
    Column("repeat", Integer, nullable=False),
    Column("call", Text, nullable=False),
    Column("name", Text),
    Column("kind", Text, nullable=False),
    Column("generation", Text, nullable=False),
    Column("mapping", Text),
    Column("user_id", Text),
    Column("anonymous_id", Text),
    Column("email", Text),
    Column("occurred_at", Integer, nullable=False),
    Column("timezone", Text),
    Column("received_at", Integer, nullable=False),
    Column("normalised", Text, nullable=False),
    Column("signal", Text, nullable=False),
    Column("signal_reasons", Text, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Index("movable_ink_events_message", "message_id"),
)
Index("movable_ink_events_digest", events.c.digest, sqlite_where=events.c.digest.is_not(None))
ownerships = Table(
    "movable_ink_ownerships",
    METADATA,
    Column("seq", Integer, primary_key=True),
    Column("event_seq", Integer, nullable=False),
    Column("occurred_at", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("cause", Text),
    Column("rule", Text, nullable=False),
    Column("by_seq", Integer, nullable=False),
    Index("movable_ink_ownerships_owner", "kind", "owner", "event_seq"),
    Index("movable_ink_ownerships_event", "event_seq", "seq"),
)
links = Table(
    "movable_ink_links",
    METADATA,
    Column("seq", Integer, primary_key=True),
    Column("anonymous_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("cause", Text),
    Column("by_seq", Integer, nullable=False),
    Index("movable_ink_links_anonymous", "anonymous_id", "seq"),
    Index("movable_ink_links_owner", "kind", "owner"),
)
profiles = Table(
    "movable_ink_profiles",
    METADATA,
    Column("seq", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("email", Text),
    Column("traits", Text, nullable=False),
    Column("joined_into", Text),
    Column("by_seq", Integer, nullable=False),
    Index("movable_ink_profiles_owner", "kind", "owner", "seq"),
    Index("movable_ink_profiles_email", "email"),
)
