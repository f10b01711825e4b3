"""Storing a message in the transaction of what it tells of."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from django.conf import settings
from django.db import connections, transaction

from apps.core.crypto.sealing import seal
from apps.core.db.after_commit import try_after_commit
from apps.core.db.ids import uuid7
from apps.core.mail import transport
from apps.core.mail.errors import MailIsOff, TooManyMessages
from apps.core.mail.rendering import Rendered, rendered
from apps.core.observability import get_logger

PURPOSE = "mail"
ALIAS = "default"
_WINDOW = timedelta(hours=1)
_logger = get_logger("mail")


def send(
    *,
    template: str,
    to: str,
    context: Mapping[str, Any],
    now: datetime,
    tenant_id: UUID | None = None,
    person_id: UUID | None = None,
) -> UUID:
    """Store a message, which leaves once the transaction around has committed. Returns its id. Three statements.

    Raises MailIsOff, and TooManyMessages when the address was sent EMAIL_PER_HOUR of this template within an hour.
    """
    if not transport.is_on():
        raise MailIsOff
    said = rendered(template, context)
    with transaction.atomic(using=ALIAS):
        key = _recipient_key(to)
        _check_limit(key, template, now)
        message_id = _store(said, template=template, to=to, key=key, now=now, of=(tenant_id, person_id))
        try_after_commit(_wake, message_id, using=ALIAS)
    return message_id


def notify(
    *,
    template: str,
    to: str,
    context: Mapping[str, Any],
    now: datetime,
    tenant_id: UUID | None = None,
    person_id: UUID | None = None,
) -> UUID | None:
    """As `send`, for what must not fail because of its mail: None where it is off or the address's limit is reached."""
    try:
        return send(template=template, to=to, context=context, now=now, tenant_id=tenant_id, person_id=person_id)
    except MailIsOff:
        return None
    except TooManyMessages:
        _logger.warning("a message was left out: its address has had enough", template=template, person_id=person_id)
        return None


def _store(
    said: Rendered, *, template: str, to: str, key: str, now: datetime, of: tuple[UUID | None, UUID | None]
) -> UUID:
    # Imported late: views import this package before Django's models may be.
    from apps.core.mail.models import OutgoingMessage

    message_id = uuid7()
    body = msgspec.json.encode({"text": said.text, "html": said.html})
    OutgoingMessage.objects.using(ALIAS).create(
        id=message_id,
        created_at=now,
        next_attempt_at=now,
        template=template,
        recipient=to,
        recipient_key=key,
        tenant_id=of[0],
        person_id=of[1],
        message_id=f"<{message_id}@{settings.EMAIL_DOMAIN}>",
        subject=said.subject,
        sealed_body=seal(body, purpose=PURPOSE, place=str(message_id)),
    )
    return message_id


def _check_limit(key: str, template: str, now: datetime) -> None:
    """One sender at a time for each address, so that a hundred at once count one another."""
    from apps.core.mail.models import OutgoingMessage

    with connections[ALIAS].cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"mail {key}"])
    recent = OutgoingMessage.objects.using(ALIAS).filter(
        recipient_key=key, template=template, created_at__gt=now - _WINDOW
    )
    times = list(recent.order_by("-created_at").values_list("created_at", flat=True)[: settings.EMAIL_PER_HOUR])
    if len(times) >= settings.EMAIL_PER_HOUR:
        wait = times[-1] + _WINDOW - now if times else _WINDOW
        raise TooManyMessages(retry_after_s=max(1, int(wait.total_seconds())))


def _recipient_key(address: str) -> str:
    return unicodedata.normalize("NFKC", address.strip()).casefold()[:254]


def _wake(message_id: UUID) -> None:
    """Tell a worker at once. Where the broker is away, the sweep of every minute comes by."""
    from apps.core.mail.tasks import deliver

    deliver.apply_async(kwargs={"message_id": str(message_id)}, retry=False)
