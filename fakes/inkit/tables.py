"""What the fake Inkit keeps: profiles, templates, documents."""

from __future__ import annotations

from sqlalchemy import Column, Float, Index, Integer, LargeBinary, MetaData, Table, Text

METADATA = MetaData()

profiles = Table(
    "inkit_profiles",
    METADATA,
    Column("seq", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("traits", Text, nullable=False),
    Column("updated_at", Integer, nullable=False),
    Index("inkit_profiles_owner", "kind", "owner", unique=True),
)
heard = Table(
    "inkit_heard",
    METADATA,
    Column("message_id", Text, primary_key=True),
)
templates = Table(
    "inkit_templates",
    METADATA,
    Column("seq", Integer, primary_key=True),
    Column("template_id", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("html", Text, nullable=False),
    Column("width", Float, nullable=False),
    Column("height", Float, nullable=False),
    Column("unit", Text, nullable=False),
    Column("created_at", Integer, nullable=False),
)
documents = Table(
    "inkit_documents",
    METADATA,
    Column("seq", Integer, primary_key=True),
    Column("document_id", Text, nullable=False, unique=True),
    Column("render_id", Text, nullable=False, unique=True),
    Column("message_id", Text),
    Column("template_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("profile_kind", Text, nullable=False),
    Column("profile", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("merge_parameters", Text, nullable=False),
    Column("html", Text, nullable=False),
    Column("pdf", LargeBinary, nullable=False),
    Column("pages", Integer, nullable=False),
    Column("created_at", Integer, nullable=False),
    Column("views", Integer, nullable=False),
    Index("inkit_documents_message", "message_id"),
)
