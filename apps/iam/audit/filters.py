"""From query parameters to the changes that are wanted; the API and the page share it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db import models
from rest_framework import serializers

from apps.core.api.cursors import Cursor
from apps.core.api.pagination import LARGEST_PAGE
from apps.core.api.validation import validated
from apps.core.errors import Invalid
from apps.core.history.changes import Change, ChangeFilter, place_of
from apps.iam.audit import queries

_ORDER = ("-at", "-entity", "-id")
_FIELDS: list[Any] = [models.DateTimeField(), models.CharField(max_length=100), models.BigIntegerField()]
_PAGE_SIZE = 50


class ChangesQuery(serializers.Serializer):
    q = serializers.CharField(required=False, max_length=200, help_text="Part of the actor's name, or a whole id.")
    entity = serializers.ChoiceField(required=False, choices=[])
    action = serializers.ChoiceField(required=False, choices=queries.ACTIONS)
    cursor = serializers.CharField(required=False, max_length=400)
    limit = serializers.IntegerField(required=False, min_value=1, max_value=LARGEST_PAGE, default=_PAGE_SIZE)

    def get_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().get_fields()
        fields["entity"].choices = queries.entities()
        fields["from"] = serializers.DateField(required=False, help_text="First day (UTC).")
        fields["to"] = serializers.DateField(required=False, help_text="Last day (UTC).")
        return fields


def wanted(parameters: Mapping[str, str]) -> tuple[ChangeFilter, int]:
    """Which changes, and how many of them. Empty parameters do not count. Raises Invalid, also for unknown ones."""
    given = {name: value for name, value in parameters.items() if value}
    unknown = {name: ["no such parameter"] for name in given if name not in ChangesQuery().fields}
    if unknown:
        raise Invalid(f"unknown query parameters: {', '.join(sorted(unknown))}", errors=unknown)
    values = validated(ChangesQuery, given)
    cursor = Cursor.decoded(values["cursor"], _ORDER, _FIELDS) if "cursor" in values else None
    where = ChangeFilter(
        entities=(values["entity"],) if "entity" in values else (),
        search=values.get("q", ""),
        action=values.get("action", ""),
        since=_midnight(values.get("from")),
        until=_midnight(values.get("to"), days=1),
        before=(cursor.values[0], cursor.values[1], cursor.values[2]) if cursor else None,
    )
    return where, values["limit"]


def page_of_changes(parameters: Mapping[str, str]) -> tuple[list[queries.AuditedChange], str | None, int]:
    """One page of changes, the cursor of the next one, and the limit. Raises Invalid."""
    where, limit = wanted(parameters)
    found = queries.changes(where, limit=limit + 1)
    return found[:limit], _cursor_after(found[limit - 1]) if len(found) > limit else None, limit


def _cursor_after(change: Change) -> str:
    return Cursor(place_of(change)).encoded(_ORDER)


def _midnight(day: date | None, *, days: int = 0) -> datetime | None:
    try:
        return datetime.combine(day + timedelta(days=days), time.min, UTC) if day else None
    except OverflowError as error:
        raise Invalid(errors={"to": ["a day before the year 9999"]}) from error
