"""Ids of everything: UUIDv7 (RFC 9562 §5.7), so that new rows land at the right end of every index."""

from __future__ import annotations

from uuid import UUID

import uuid_utils.compat


def uuid7() -> UUID:
    """A new id; later ones sort after earlier ones of the same process."""
    return uuid_utils.compat.uuid7()
