"""What was written about orders."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Prefetch

from apps.business.orders.errors import NoteNotFound
from apps.business.orders.models import OrderAttachment, OrderNote


def notes_of_order(order_id: UUID) -> list[OrderNote]:
    """What was written about an order, the latest first, with what came with it. Two statements."""
    attachments = Prefetch("attachments", OrderAttachment.objects.in_tenant().order_by("ordinal"))
    rows = OrderNote.objects.in_tenant().filter(order_id=order_id)
    return list(rows.prefetch_related(attachments).order_by("-id"))


def note_count(order_id: UUID) -> int:
    """How many notes an order has."""
    return int(OrderNote.objects.in_tenant().filter(order_id=order_id).count())


def lock_note(order_id: UUID, note_id: UUID) -> OrderNote:
    """Under a row lock. Raises NoteNotFound."""
    rows = OrderNote.objects.in_tenant().select_for_update()
    found: OrderNote | None = rows.filter(id=note_id, order_id=order_id).first()
    if found is None:
        raise NoteNotFound(f"the order has no note {note_id}")
    return found
