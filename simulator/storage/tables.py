"""What the simulator keeps in each workspace, and what the registry keeps beside them."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, LargeBinary, MetaData, Table, Text, text

AFTER_SHIFT = 31
"""A discard's `seq` is the place of the message that it came behind, shifted by so much, and a number that grows."""

WORKSPACE = MetaData()
REGISTRY = MetaData()

state = Table(
    "workspace_state",
    WORKSPACE,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
messages = Table(
    "messages",
    WORKSPACE,
    Column("seq", Integer, primary_key=True),
    Column("message_id", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("event", Text),
    Column("user_id", Text),
    Column("anonymous_id", Text),
    Column("received_at", Integer, nullable=False),
    Column("envelope", Text),
    Column("raw", LargeBinary, nullable=False),
    Index("messages_message", "message_id"),
)
discards = Table(
    "discards",
    WORKSPACE,
    Column("seq", Integer, primary_key=True),
    Column("message_id", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("type", Text),
    Column("event", Text),
    Column("user_id", Text),
    Column("anonymous_id", Text),
    Column("received_at", Integer, nullable=False),
    Column("code", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("facts", Text, nullable=False),
    Column("after", Integer, nullable=False),
    Column("raw", LargeBinary, nullable=False),
)
deliveries = Table(
    "deliveries",
    WORKSPACE,
    Column("seq", Integer, primary_key=True),
    Column("message_seq", Integer, nullable=False),
    Column("message_id", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("connection", Text, nullable=False),
    Column("destination", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("code", Text),
    Column("attempts", Integer, nullable=False),
    Column("first_at", Integer),
    Column("due_at", Integer),
    Column("lane", Text),
    Index("deliveries_due", "lane", "due_at", "seq", sqlite_where=text("lane IS NOT NULL")),
    Index("deliveries_message", "message_id"),
)
attempts = Table(
    "attempts",
    WORKSPACE,
    Column("seq", Integer, primary_key=True),
    Column("delivery_seq", Integer, nullable=False),
    Column("message_id", Text, nullable=False),
    Column("connection", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("started_at", Integer, nullable=False),
    Column("ended_at", Integer),
    Column("request", Text, nullable=False),
    Column("request_body", LargeBinary),
    Column("status", Integer),
    Column("response_headers", Text),
    Column("response_body", LargeBinary),
    Column("error", Text),
    Column("incarnation", Text, nullable=False),
    Index("attempts_delivery", "delivery_seq", "number"),
)
violations = Table(
    "violations",
    WORKSPACE,
    Column("seq", Integer, primary_key=True),
    Column("message_seq", Integer, nullable=False),
    Column("message_id", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("plan", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("event", Text),
    Column("kind", Text, nullable=False),
    Column("field", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("outcome", Text, nullable=False),
)
forwards = Table(
    "forwards",
    WORKSPACE,
    Column("message_seq", Integer, primary_key=True),
)
omissions = Table(
    "omissions",
    WORKSPACE,
    Column("message_seq", Integer, primary_key=True),
    Column("source", Text, nullable=False),
    Column("places", Text, nullable=False),
)

workspaces = Table(
    "workspaces",
    REGISTRY,
    Column("name", Text, primary_key=True),
    Column("file", Text, nullable=False),
    Column("config", Text, nullable=False),
)
credentials = Table(
    "credentials",
    REGISTRY,
    Column("service", Text, primary_key=True),
    Column("credential", Text, primary_key=True),
    Column("workspace", Text, nullable=False),
)
unclaimed = Table(
    "unclaimed",
    REGISTRY,
    Column("seq", Integer, primary_key=True),
    Column("service", Text, nullable=False),
    Column("credential", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("at", Integer, nullable=False),
    Column("body", LargeBinary),
    Column("calls", Integer, nullable=False),
    Column("total", Integer, nullable=False),
)
refused = Table(
    "refused",
    REGISTRY,
    Column("seq", Integer, primary_key=True),
    Column("what", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("credential", Text),
    Column("at", Integer, nullable=False),
    Column("body", LargeBinary),
    Column("fault", Text),
)
