"""A payment's events, told to people."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from apps.business.payments.events import (
    PaymentCaptured,
    PaymentCaptureRefused,
    PaymentDeclined,
    PaymentRefunded,
    PaymentRefundRefused,
)
from apps.core.api.presentation import money_text
from apps.core.events import Envelope, Event, InvalidMessage

_WITH_REASON = PaymentDeclined | PaymentCaptureRefused | PaymentRefunded | PaymentRefundRefused


def told(timeline: Iterable[Envelope]) -> list[dict[str, Any]]:
    """What the template's timeline shows, oldest first. Who wanted it stands with the operations."""
    return [_told(envelope) for envelope in timeline]


def summary_of(happened: Event) -> str:
    """One line for people."""
    amount = money_text(getattr(happened, "amount_minor", None), getattr(happened, "currency", ""))
    if isinstance(happened, PaymentCaptured) and happened.amount_minor < happened.authorised_minor:
        return f"{amount} of {money_text(happened.authorised_minor, happened.currency)}"
    if isinstance(happened, _WITH_REASON) and happened.reason:
        return f"{amount}: {happened.reason}"
    return amount


def _told(envelope: Envelope) -> dict[str, Any]:
    try:
        summary = summary_of(envelope.event())
    except InvalidMessage:  # an event of another release is shown by its name
        summary = ""
    return {
        "name": envelope.event_type,
        "recorded_at": envelope.timestamp,
        "sequence": envelope.metadata.sequence,
        "trace_id": envelope.metadata.correlation_id,
        "summary": summary,
    }
