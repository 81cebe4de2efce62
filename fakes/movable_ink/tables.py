"""What the fake Movable Ink keeps: events as they came and as it reads them, owners as a row per change."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, LargeBinary, MetaData, Table, Text

METADATA = MetaData()

events = Table(
    "movable_ink_events",
    METADATA,
    Column("seq", Integer, primary_key=True),
    Column("event_id", Text, nullable=False),
    Column("endpoint", Text, nullable=False),
    Column("message_id", Text),
    Column("repeat", Integer, nullable=False),
    Column("call", Text, nullable=False),
    Column("name", Text),
    Column("kind", Text, nullable=False),
    Column("user_id", Text),
    Column("anonymous_id", Text),
    Column("email", Text),
    Column("occurred_at", Integer, nullable=False),
    Column("received_at", Integer, nullable=False),
    Column("normalised", Text, nullable=False),
    Column("signal", Text, nullable=False),
    Column("signal_reasons", Text, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Index("movable_ink_events_message", "message_id"),
)
ownerships = Table(
    "movable_ink_ownerships",
    METADATA,
    Column("seq", Integer, primary_key=True),
    Column("event_seq", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("cause", Text),
    Column("rule", Text, nullable=False),
    Index("movable_ink_ownerships_owner", "kind", "owner"),
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
    Column("updated_at", Integer, nullable=False),
    Index("movable_ink_profiles_owner", "kind", "owner", unique=True),
    Index("movable_ink_profiles_email", "email"),
)
