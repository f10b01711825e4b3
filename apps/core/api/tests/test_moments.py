"""A moment in a query parameter is understood or refused, and never a fault."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError

from apps.core.api.moments import MomentField

APPS = Path(__file__).resolve().parents[3]


class TestMomentField:
    @pytest.mark.parametrize(
        ("text", "moment"),
        [
            ("2026-11-23", datetime(2026, 11, 23, tzinfo=UTC)),
            ("2026-11-23T14:05:00Z", datetime(2026, 11, 23, 14, 5, tzinfo=UTC)),
            ("2026-11-23T14:05:00", datetime(2026, 11, 23, 14, 5, tzinfo=UTC)),
            ("2026-11-23T14:05:00+05:45", datetime(2026, 11, 23, 8, 20, tzinfo=UTC)),
            ("2026-11-23T14:05:00-23:59", datetime(2026, 11, 24, 14, 4, tzinfo=UTC)),
        ],
    )
    def test_is_understood_with_its_offset(self, text: str, moment: datetime) -> None:
        assert MomentField().clean(text) == moment

    def test_of_a_day_is_its_end_where_that_is_meant(self) -> None:
        assert MomentField(ends=True).clean("2026-12-31") == datetime(2027, 1, 1, tzinfo=UTC)

    @pytest.mark.parametrize(
        "text",
        [
            "soon",
            "2026-02-30",
            "2026-11-23T14:05:00+24:00",
            "2026-11-23T14:05:00+99:99",
            "0001-01-01T00:00:00+00:01",
            "9999-12-31T23:59:59-00:01",
        ],
    )
    def test_that_is_none_or_leads_out_of_the_calendar_is_refused(self, text: str) -> None:
        with pytest.raises(ValidationError):
            MomentField().clean(text)

    def test_is_the_only_one_that_filters_use(self) -> None:
        users = [str(path) for path in APPS.rglob("*filters.py") if "IsoDateTime" in path.read_text()]

        assert users == []
