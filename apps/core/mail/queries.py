"""Reads of messages, for the outbox and the admin."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from apps.core.errors import NotFound
from apps.core.mail.models import OutgoingMessage
from apps.core.mail.sending import ALIAS


class MessageNotFound(NotFound):
    """There is no such message, or it was forgotten."""

    code = "message_not_found"


def messages() -> QuerySet[OutgoingMessage]:
    """Every message, newest first, without its text. One statement."""
    rows: QuerySet[OutgoingMessage] = OutgoingMessage.objects.using(ALIAS).defer("sealed_body")
    return rows.order_by("-created_at", "-id")


def message(message_id: UUID) -> OutgoingMessage:
    """One message. One statement. Raises MessageNotFound."""
    found: OutgoingMessage | None = OutgoingMessage.objects.using(ALIAS).filter(id=message_id).first()
    if found is None:
        raise MessageNotFound(f"there is no message {message_id}")
    return found
