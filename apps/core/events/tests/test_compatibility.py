"""Whatever breaks a published event is refused by name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import msgspec
import pytest

from apps.core.events import Event, EventPart
from apps.core.events.compatibility import breaches
from apps.core.events.contracts import Contract, meaning_of, schema_of


class Line(EventPart):
    """One of several."""

    quantity: int


class Sold(Event):
    """Something was sold. `note` is for people; `number` counts from 1."""

    order_id: UUID
    number: int
    note: str = ""
    lines: tuple[Line, ...] = ()
    sold_at: datetime | None = None


def contract(cls: type[msgspec.Struct] = Sold, **changes: object) -> Contract:
    made = Contract(event="Sold", version=1, topic="business.orders", aggregate="Order", schema=schema_of(cls))
    return msgspec.structs.replace(made, **changes)


def sold(
    drop: tuple[str, ...] = (), extra: tuple[tuple[object, ...], ...] = (), *, part: type[EventPart] = Line
) -> Contract:
    """Sold as somebody changed it."""
    fields: dict[str, tuple[object, ...]] = {
        "order_id": ("order_id", UUID),
        "number": ("number", int),
        "note": ("note", str, ""),
        "lines": ("lines", tuple[part, ...], ()),  # type: ignore[valid-type]
        "sold_at": ("sold_at", datetime | None, None),
    }
    kept = [field for name, field in fields.items() if name not in drop]
    return contract(msgspec.defstruct("Sold", [*kept, *extra], kw_only=True, rename="camel"))


def changed_line(*fields: tuple[object, ...]) -> type[EventPart]:
    return msgspec.defstruct("Line", list(fields), kw_only=True, rename="camel")  # type: ignore[return-value]


ALLOWED: dict[str, Callable[[], Contract]] = {
    "nothing": contract,
    "an optional field": lambda: sold(extra=(("channel", str, "shop"),)),
    "an optional field of a part": lambda: sold(part=changed_line(("quantity", int), ("colour", str, ""))),
    "the order of fields": lambda: sold(drop=("note",), extra=(("note", str, ""),)),
}
REFUSED: dict[str, tuple[Callable[[], Contract], str]] = {
    "a removed field": (lambda: sold(drop=("note",)), "Sold.v1: the field note was removed"),
    "a retyped field": (
        lambda: sold(drop=("number",), extra=(("number", str),)),
        "Sold.v1: the field number was integer and became string",
    ),
    "another format": (
        lambda: sold(drop=("sold_at",), extra=(("sold_at", str | None, None),)),
        "Sold.v1: the field soldAt was string (date-time) or null (None when left out) and became string or null",
    ),
    "a new required field": (lambda: sold(extra=(("channel", str),)), "Sold.v1: the new field channel is required"),
    "an optional field that became required": (
        lambda: sold(drop=("note",), extra=(("note", str),)),
        "Sold.v1: the field note was string ('' when left out) and became string",
    ),
    "another default": (
        lambda: sold(drop=("note",), extra=(("note", str, "none"),)),
        "Sold.v1: the field note was string ('' when left out) and became string ('none' when left out)",
    ),
    "a removed field of a part": (
        lambda: sold(part=changed_line(("colour", str, ""))),
        "Sold.v1: the field Line.quantity was removed",
    ),
    "another topic": (
        lambda: contract(topic="business.sales"),
        "Sold.v1 has another topic: business.orders became business.sales",
    ),
    "another aggregate": (lambda: contract(aggregate="Sale"), "Sold.v1 has another aggregate: Order became Sale"),
    "a version that went back": (lambda: contract(version=0), "Sold.v1 was published, and the newest version"),
}


class TestAPublishedEvent:
    @pytest.mark.parametrize("what", ALLOWED)
    def test_may_change_by(self, what):
        assert breaches([contract()], [ALLOWED[what]()]) == []

    @pytest.mark.parametrize("what", REFUSED)
    def test_may_not_change_by(self, what):
        now, sentence = REFUSED[what]

        found = breaches([contract()], [now()])

        assert found and found[0].startswith(sentence)

    def test_may_not_disappear(self):
        assert breaches([contract()], []) == [
            "Sold.v1 is gone: it was published, so it lies in logs and others may wait for it"
        ]

    def test_may_get_a_new_version_that_looks_as_it_likes(self):
        (kept,) = [msgspec.structs.replace(sold(drop=("note",)), version=2)]

        assert breaches([contract()], [kept]) == []


class TestMeanings:
    def test_are_the_sentences_that_name_the_field(self):
        assert meaning_of(Sold, "note") == "`note` is for people"
        assert meaning_of(Sold, "number") == "`number` counts from 1."

    def test_follow_from_conventions_where_nothing_is_said(self):
        assert meaning_of(Sold, "total_minor") == "In minor units of the currency."
        assert meaning_of(Sold, "order_id") == ""
