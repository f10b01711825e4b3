"""Sending what is stored: claimed, handed over, settled; again later when that fails; safe to do twice.

A claim is a lease: the row is locked only to note it, and no transaction is open while the server is spoken to. A
worker that dies in the middle lets the lease run out, and the message goes out again under the same Message-ID.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from django.conf import settings
from django.db import transaction

from apps.core.crypto.sealing import Unreadable, unseal
from apps.core.mail import transport
from apps.core.mail.errors import Undeliverable
from apps.core.mail.models import OutgoingMessage
from apps.core.mail.sending import ALIAS, PURPOSE
from apps.core.observability import get_logger
from apps.core.observability.redaction import redacted_text
from apps.core.resilience import NotCalled

LEASE = timedelta(minutes=5)
MAX_ATTEMPTS = 10
_BASE_S, _CAP_S = 30.0, 3600.0
_ERROR_LENGTH = 500
_BATCH = 500
_State = OutgoingMessage.State
_logger = get_logger("mail")


@dataclass(frozen=True, slots=True)
class Body:
    """What a message says."""

    text: str
    html: str


def retry_delay_s(attempt: int) -> float:
    """Seconds to wait after the given failed attempt, counted from 1, drawn from [½, 1] of min(1 h, 30 s · 2**(n-1)).

    Half of it jitters: messages that failed together come back apart, and none at once. Source: M. Brooker,
    "Exponential Backoff and Jitter", AWS Architecture Blog, 2015 ("equal jitter").
    """
    whole = min(_CAP_S, _BASE_S * 2 ** (attempt - 1))
    return random.uniform(whole / 2, whole)  # noqa: S311 (spreads out rivals, no secret)


def deliver(*, message_id: UUID, now: datetime) -> bool:
    """Try to send one message that is due. False when there is nothing to do: sent, given up, claimed, not due.

    Safe to run twice, or twice at once.
    """
    message = _claim(message_id, now)
    if message is None:
        return False
    try:
        body = body_of(message)
        transport.hand_over(
            to=message.recipient,
            subject=message.subject,
            text=body.text,
            html=body.html,
            message_id=message.message_id,
        )
    except (Undeliverable, Unreadable) as error:
        _settle(message, _State.FAILED, error=error)
    except NotCalled as error:
        _put_off(message, now, error)
    except (OSError, ValueError) as error:
        _postpone(message, now, error)
    else:
        _settle(message, _State.SENT)
    return True


def due(*, now: datetime, limit: int = _BATCH) -> list[UUID]:
    """The ids of messages that should be on their way, the longest waiting first. One statement."""
    rows = _rows().filter(state=_State.QUEUED, next_attempt_at__lte=now).order_by("next_attempt_at")
    return list(rows.values_list("id", flat=True)[:limit])


def body_of(message: OutgoingMessage) -> Body:
    """What a message says. Raises Unreadable when it was dropped, or sealed with a key that is gone."""
    if message.sealed_body is None:
        raise Unreadable("the text was dropped")
    opened = unseal(bytes(message.sealed_body), purpose=PURPOSE, place=message.place)
    return msgspec.json.decode(opened, type=Body)


def try_again(*, message_id: UUID, now: datetime) -> bool:
    """Queue a message that was given up once more, with all its attempts. False when it was not given up.

    Raises nothing for an unknown id.
    """
    again = _rows().filter(id=message_id, state=_State.FAILED, sealed_body__isnull=False)
    return bool(again.update(state=_State.QUEUED, attempts=0, next_attempt_at=now, last_error=""))


def forget(*, before: datetime) -> int:
    """Delete messages stored before an instant, whatever became of them, in short transactions. Returns how many."""
    forgotten = 0
    while ids := list(_rows().filter(created_at__lt=before).values_list("id", flat=True)[:_BATCH]):
        forgotten += _rows().filter(id__in=ids).delete()[0]
    return forgotten


def _claim(message_id: UUID, now: datetime) -> OutgoingMessage | None:
    with transaction.atomic(using=ALIAS):
        found: OutgoingMessage | None = (
            _rows()
            .select_for_update(skip_locked=True)
            .filter(id=message_id, state=_State.QUEUED, next_attempt_at__lte=now)
            .first()
        )
        if found is None:
            return None
        found.attempts += 1
        found.next_attempt_at = now + LEASE
        found.save(using=ALIAS, update_fields=["attempts", "next_attempt_at"])
    return found


def _settle(message: OutgoingMessage, state: OutgoingMessage.State, *, error: Exception | None = None) -> None:
    message.settle(state, error=_told(error))
    if state == _State.SENT and not transport.is_outbox():
        message.sealed_body = None  # its links are secrets, and nobody needs them here any more
    _save_own(message, "state", "sent_at", "last_error", "sealed_body")
    if error is not None:
        _logger.error("a message was given up", message_id=message.id, template=message.template, reason=_told(error))


def _postpone(message: OutgoingMessage, now: datetime, error: Exception) -> None:
    if message.attempts >= MAX_ATTEMPTS:
        _settle(message, _State.FAILED, error=error)
        return
    message.next_attempt_at = now + timedelta(seconds=retry_delay_s(message.attempts))
    message.last_error = _told(error)
    _save_own(message, "next_attempt_at", "last_error")


def _put_off(message: OutgoingMessage, now: datetime, error: NotCalled) -> None:
    """The server failed at others a moment ago and was not asked: that is no attempt."""
    own = _rows().filter(id=message.id, state=_State.QUEUED, attempts=message.attempts)
    own.update(attempts=message.attempts - 1, next_attempt_at=now + timedelta(seconds=error.retry_after_s))


def _save_own(message: OutgoingMessage, *fields: str) -> None:
    """Unless the lease ran out and somebody else has claimed it since: then what became of it is for them to say."""
    own = _rows().filter(id=message.id, state=_State.QUEUED, attempts=message.attempts)
    own.update(**{name: getattr(message, name) for name in fields})


def _told(error: Exception | None) -> str:
    return redacted_text(f"{type(error).__name__}: {error}")[:_ERROR_LENGTH] if error else ""


def _rows() -> Any:
    return OutgoingMessage.objects.using(ALIAS)


def oldest_kept(now: datetime) -> datetime:
    """Messages stored before this may be forgotten."""
    return now - timedelta(days=settings.EMAIL_KEPT_DAYS)
