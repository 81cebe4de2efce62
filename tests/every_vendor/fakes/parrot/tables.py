"""What Parrot keeps."""

from sqlalchemy import Column, Integer, MetaData, Table, Text

METADATA = MetaData()
phrases = Table(
    "parrot_phrases",
    METADATA,
    Column("seq", Integer, primary_key=True),
    Column("message_id", Text, nullable=False, unique=True),
    Column("phrase", Text, nullable=False),
    Column("said_at", Integer, nullable=False),
)
