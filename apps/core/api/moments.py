"""Days and moments in query parameters, for every list that is narrowed by time.

django-filter's own IsoDateTimeFilter lets an offset through that no moment can have, or that leads out of the calendar,
and the query fails at it.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.utils.dateparse import parse_date, parse_datetime


class MomentField(forms.CharField):
    """A day (`2026-11-23`, UTC) or a moment (ISO 8601). A day means its beginning, or its end where `ends` is set."""

    def __init__(self, *, ends: bool = False, **kwargs: Any) -> None:
        super().__init__(max_length=40, **kwargs)
        self.ends = ends

    def clean(self, value: Any) -> datetime | None:
        text = super().clean(value)
        try:
            return self._moment(text) if text else None
        except (ValueError, OverflowError) as error:
            raise ValidationError("a day such as 2026-11-23, or a moment such as 2026-11-23T14:05:00Z") from error

    def _moment(self, text: str) -> datetime:
        if day := parse_date(text):
            return datetime.combine(day + timedelta(days=1 if self.ends else 0), time.min, UTC)
        moment = parse_datetime(text)
        if moment is None:
            raise ValueError(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


class MomentFilter(django_filters.Filter):
    field_class = MomentField
