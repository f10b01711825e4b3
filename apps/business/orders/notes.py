"""Notes of an order as people see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from apps.business.orders import queries
from apps.business.orders.models import OrderNote
from apps.core import files
from apps.core.db.router import alias_for


@dataclass(frozen=True, slots=True)
class File:
    """A file and the link where a browser finds it for now."""

    name: str
    content_type: str
    size_bytes: int
    url: str


@dataclass(frozen=True, slots=True)
class Note:
    """What was written, by whom, and what came with it."""

    id: UUID
    text: str
    author_name: str
    written_at: datetime
    files: list[File]


def notes_of_order(order_id: UUID) -> list[Note]:
    """The latest first. Three statements."""
    found = queries.notes_of_order(order_id)
    ids = [attachment.file_id for note in found for attachment in note.attachments.all()]
    kept = files.files(ids, using=alias_for(OrderNote)) if ids else {}
    return [
        Note(
            note.id,
            note.text,
            note.author_name,
            note.created_at,
            [_file(kept[one.file_id]) for one in note.attachments.all() if one.file_id in kept],
        )
        for note in found
    ]


def _file(file) -> File:
    return File(file.name, file.content_type, file.size_bytes, files.link(file))
