"""What may be asked of the event log, and how its answer is cut into pages: for the API and the page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from rest_framework import serializers

from apps.core.api.cursors import Cursor
from apps.core.api.moments import MomentField
from apps.core.api.pagination import LARGEST_PAGE, Page
from apps.core.events import Envelope, InvalidMessage, log
from apps.core.events.definition import definition_named
from apps.core.events.span import Span, Wanted, mark_of

_ORDER = ("recorded_at", "id")
_FIELDS: list[models.Field[Any, Any]] = [models.DateTimeField(), models.UUIDField()]


class MomentInput(serializers.CharField):
    """A day or a moment, as lists that are narrowed by time take it."""

    def __init__(self, *, ends: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._field = MomentField(ends=ends)

    def to_internal_value(self, data: Any) -> datetime | None:  # type: ignore[override]
        try:
            return self._field.clean(super().to_internal_value(data))
        except ValidationError as error:
            raise serializers.ValidationError(error.messages) from error


class WantedQuery(serializers.Serializer[Any]):
    topic = serializers.CharField(required=False, max_length=200, help_text="As in `business.orders`.")
    event_type = serializers.CharField(required=False, max_length=200, help_text="As in `OrderPlaced`.")
    aggregate_id = serializers.UUIDField(required=False, help_text="Of the order, the payment … that it happened to.")


class EventQuery(WantedQuery):
    since = MomentInput(help_text="A day (UTC) or a moment; from here on.")
    until = MomentInput(ends=True, help_text="A day, which counts to its end, or a moment, before which.")
    cursor = serializers.CharField(required=False, max_length=300, help_text="`meta.next` of the page before.")
    limit = serializers.IntegerField(required=False, default=50, min_value=1, max_value=LARGEST_PAGE)


def page_of_events(wish: Mapping[str, Any], *, using: str) -> Page:
    """The page that a checked `EventQuery` asks for, oldest first. Raises Invalid for a cursor of another list."""
    limit, cursor = wish["limit"], wish.get("cursor")
    after = Cursor.decoded(cursor, _ORDER, _FIELDS).values if cursor else None
    found = log.page(_span(wish), using=using, after=after, limit=limit + 1)  # type: ignore[arg-type]
    rows, more = found[:limit], len(found) > limit
    following = Cursor(mark_of(rows[-1])).encoded(_ORDER) if more else None
    return Page(rows=rows, limit=limit, next=following, previous=None)


def payload_of(envelope: Envelope) -> dict[str, Any]:
    """What an event says, personal values in plain; as it lies in the log where this process cannot read it."""
    try:
        return envelope.plain_payload()
    except InvalidMessage:
        return envelope.payload


def topic_of(envelope: Envelope) -> str:
    """Empty for an event that nothing declares any more."""
    known = definition_named(envelope.event_type)
    return known.topic if known else ""


def wanted(wish: Mapping[str, Any]) -> Wanted:
    """The events that a checked `WantedQuery` means."""
    return Wanted(**_wanted(wish))


def _span(wish: Mapping[str, Any]) -> Span:
    return Span(since=wish["since"], until=wish["until"], **_wanted(wish))


def _wanted(wish: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "topics": _tuple(wish.get("topic")),
        "event_types": _tuple(wish.get("event_type")),
        "aggregate_id": wish.get("aggregate_id"),
    }


def _tuple(value: str | None) -> tuple[str, ...]:
    return (value,) if value else ()
