"""What the fake Inkit keeps: profiles, keys, templates, folders, renders with their documents, batches."""

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
keys = Table(
    "inkit_keys",
    METADATA,
    Column("key", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("rights", Text),
)
choices = Table(
    "inkit_choices",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
folders = Table(
    "inkit_folders",
    METADATA,
    Column("seq", Integer, primary_key=True),
    Column("folder_id", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", Integer, nullable=False),
)
templates = Table(
    "inkit_templates",
    METADATA,
    Column("seq", Integer, primary_key=True),
    Column("template_id", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("file", LargeBinary),
    Column("sample", Text),
    Column("file_name", Text),
    Column("fields", Text, nullable=False),
    Column("optional", Text, nullable=False),
    Column("destinations", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("versions", Text, nullable=False),
    Column("width", Float, nullable=False),
    Column("height", Float, nullable=False),
    Column("unit", Text, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", Integer, nullable=False),
    Column("updated_at", Integer, nullable=False),
)
renders = Table(
    "inkit_renders",
    METADATA,
    Column("seq", Integer, primary_key=True),
    Column("render_id", Text, nullable=False, unique=True),
    Column("document_id", Text, unique=True),
    Column("message_id", Text),
    Column("batch_id", Text),
    Column("template_id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("document_name", Text, nullable=False),
    Column("profile_kind", Text),
    Column("profile", Text),
    Column("status", Text, nullable=False),
    Column("merge_parameters", Text, nullable=False),
    Column("destinations", Text, nullable=False),
    Column("folder_id", Text),
    Column("html", Text),
    Column("native", LargeBinary),
    Column("pdf", LargeBinary),
    Column("pages", Integer, nullable=False),
    Column("rendered_with", Text),
    Column("created_by", Text, nullable=False),
    Column("created_at", Integer, nullable=False),
    Column("updated_at", Integer, nullable=False),
    Column("ready_at", Integer, nullable=False),
    Column("expire_at", Integer),
    Column("expire_after_n_views", Integer),
    Column("views", Integer, nullable=False),
    Column("deleted_at", Integer),
    Index("inkit_renders_message", "message_id"),
    Index("inkit_renders_batch", "batch_id"),
)
batches = Table(
    "inkit_batches",
    METADATA,
    Column("seq", Integer, primary_key=True),
    Column("batch_id", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("template_id", Text, nullable=False),
    Column("total", Integer, nullable=False),
    Column("failures", Text, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", Integer, nullable=False),
)
