"""What people write about an order for one another, with files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import IO
from uuid import UUID

from apps.business.orders import queries
from apps.business.orders.errors import InvalidNote
from apps.business.orders.models import OrderAttachment, OrderNote
from apps.business.units import work_of
from apps.core import files
from apps.core.history import Actor

ATTACHMENTS = files.purpose(
    "orders.attachment", types=files.IMAGES | files.DOCUMENTS | files.TEXTS, max_bytes=10 * 1024**2
)
MOST_FILES, MOST_NOTES, _LONGEST = 5, 200, 2000


@dataclass(frozen=True, slots=True)
class Attached:
    """A file as its sender calls it."""

    name: str
    stream: IO[bytes]


def add_note(
    *, order_id: UUID, text: str = "", attached: Sequence[Attached] = (), actor: Actor, now: datetime
) -> OrderNote:
    """Write something about an order, attach files to it, or both. Raises OrderNotFound, InvalidNote, FileRefused."""
    text = text.strip()
    _check(text, attached)
    with work_of(actor, OrderNote) as work:
        order = queries.lock_order(order_id)
        if queries.note_count(order_id) >= MOST_NOTES:
            raise InvalidNote(f"order {order.number} has {MOST_NOTES} notes already")
        note = OrderNote(order=order, text=text, author_name=actor.name[:200], created_at=now)
        note.save()
        kept = [files.keep(one.stream, purpose=ATTACHMENTS, name=one.name, using=work.alias) for one in attached]
        OrderAttachment.objects.bulk_create(
            OrderAttachment(note=note, file_id=file.id, ordinal=place) for place, file in enumerate(kept, start=1)
        )
    return note


def remove_note(*, order_id: UUID, note_id: UUID, actor: Actor) -> None:
    """Take a note away, and its files for good. Raises NoteNotFound."""
    with work_of(actor, OrderNote) as work:
        note = queries.lock_note(order_id, note_id)
        ids = [attachment.file_id for attachment in note.attachments.all()]
        note.attachments.all().delete()
        note.delete()
        for file in files.files(ids, using=work.alias).values():
            files.drop(file)


def _check(text: str, attached: Sequence[Attached]) -> None:
    errors = {}
    if len(text) > _LONGEST:
        errors["text"] = [f"at most {_LONGEST} characters"]
    if not text and not attached:
        errors["text"] = ["write something, or attach a file"]
    if len(attached) > MOST_FILES:
        errors["files"] = [f"at most {MOST_FILES} files"]
    if errors:
        raise InvalidNote("; ".join(texts[0] for texts in errors.values()), errors=errors)
