"""An order's events, told to people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from apps.business.orders.events import (
    OrderCancelled,
    OrderHeld,
    OrderPaid,
    OrderPaymentAuthorised,
    OrderPlaced,
    OrderRefunded,
    OrderRefundReturned,
    OrderRequested,
    OrderReturned,
    OrderShipped,
)
from apps.core.api.presentation import money_text
from apps.core.events import Envelope, Event, InvalidMessage


def told(timeline: Iterable[Envelope], names: Mapping[str, str]) -> list[dict[str, Any]]:
    """What the template's timeline shows, oldest first. `names` maps ids of actors to what they are called."""
    return [_told(envelope, names) for envelope in timeline]


def _told(envelope: Envelope, names: Mapping[str, str]) -> dict[str, Any]:
    happened, user_id = _event(envelope), envelope.metadata.user_id
    return {
        "name": envelope.event_type,
        "recorded_at": envelope.timestamp,
        "occurred_at": getattr(happened, "occurred_at", None),
        "actor_name": names.get(str(user_id), "") if user_id else "system",
        "impersonator_name": _name_of(envelope.metadata.impersonator_id, names),
        "actor_kind": "user" if user_id else "system",
        "sequence": envelope.metadata.sequence,
        "trace_id": envelope.metadata.correlation_id,
        "summary": summary_of(happened) if happened else "",
        "then": f"then?{urlencode({'at': envelope.timestamp.isoformat()})}",
    }


def _name_of(person_id: UUID | None, names: Mapping[str, str]) -> str:
    """Empty for nobody; an id says at least that there was somebody."""
    return names.get(str(person_id), str(person_id)) if person_id else ""


def summary_of(happened: Event) -> str:
    """One line for people; empty for an event that needs none."""
    if isinstance(happened, OrderRequested | OrderHeld | OrderPlaced):
        count = len(happened.lines)
        return f"{count} line{'' if count == 1 else 's'}, {money_text(happened.total_minor, happened.currency)}"
    if isinstance(happened, OrderCancelled):
        return happened.reason
    if isinstance(happened, OrderReturned):
        pieces = sum(line.quantity for line in happened.lines)
        amount = money_text(happened.total_minor, happened.currency)
        return f"{pieces} back, {amount}" + (f": {happened.reason}" if happened.reason else "")
    if isinstance(happened, OrderPaid | OrderRefunded | OrderRefundReturned):
        return money_text(happened.amount_minor, happened.currency)
    if isinstance(happened, OrderPaymentAuthorised):
        return money_text(happened.authorised_minor, happened.currency)
    if isinstance(happened, OrderShipped):
        pieces = sum(line.quantity for line in happened.lines)
        return " ".join(filter(None, (f"{pieces} on their way", happened.carrier, happened.tracking_number)))
    return ""


def _event(envelope: Envelope) -> Event | None:
    """None for an event that is not ours to know, say of an older release: it is shown by its name."""
    try:
        return envelope.event()
    except InvalidMessage:
        return None
