"""API keys with rights, as people make them in Inkit's settings. A workspace's own key may do everything.

Source: Inkit's pages on keys and permissions for the names; that a key which lacks one is answered 403 follows its
table of codes.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, select

from inkstand.fakes.inkit.tables import keys
from inkstand.fakes.kit.http import storable
from inkstand.fakes.kit.storage import Door, Statement, loads

RENDER, VIEW, RETRIEVE, DELETE = "Render Documents", "View Renders", "Retrieve Document", "Delete Document"
CREATE_TEMPLATE = "Create Template"
CREATE_FOLDERS, DELETE_FOLDERS, MANAGE_WEBHOOKS = "Create Folders", "Delete Folders", "Manage Webhooks"
RIGHTS = (RENDER, VIEW, RETRIEVE, DELETE, CREATE_TEMPLATE, CREATE_FOLDERS, DELETE_FOLDERS, MANAGE_WEBHOOKS)
"""The rights that a key can have here; Inkit names more, for what neither its API nor our `/_web` reaches."""

OWN_NAME = "Inkstand"


@dataclass(frozen=True)
class Key:
    """A key: its name, and its rights; None for all of them."""

    name: str
    rights: frozenset[str] | None

    def may(self, right: str) -> bool:
        """Whether it has a right."""
        return self.rights is None or right in self.rights


def find(door: Door, key: str) -> Key:
    """What is known of a key of this workspace."""
    rows = door.read(_KEY, key=storable(key))
    if not rows:
        return Key(OWN_NAME, None)
    rights = loads(rows[0]["rights"])
    return Key(rows[0]["name"], None if rights is None else frozenset(rights))


_KEY = Statement(select(keys).where(keys.c.key == bindparam("key")))
