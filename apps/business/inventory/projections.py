"""The writes of the stock's read models, called by `handlers` alone.

Events may come in any order and in any number at once: of a level the latest counts, what moved is added up.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from uuid import UUID

import msgspec

from apps.business.inventory.events import StockChanged, StockLevelPart
from apps.business.inventory.models import StockDay, StockMovement, StockSummary
from apps.core.db.many_rows import merge_rows
from apps.core.events import Envelope
from apps.core.tenancy import require_tenant_id

_LATER = "case when excluded.level_version > known.level_version then excluded.{0} else known.{0} end"
_SUMMARY = {
    **{name: _LATER.format(name) for name in ("on_hand", "reserved", "level_version")},
    "last_moved_at": "greatest(known.last_moved_at, excluded.last_moved_at)",
}
_DAY = {name: f"known.{name} + excluded.{name}" for name in ("moved_in", "moved_out", "sold")}


class Summary(msgspec.Struct):
    """A row of what lies where, by its columns."""

    tenant_id: UUID
    product_id: UUID
    warehouse_id: UUID
    on_hand: int = 0
    reserved: int = 0
    level_version: int = 0
    last_moved_at: datetime | None = None


class Day(msgspec.Struct):
    """A row of what moved on a day, by its columns."""

    tenant_id: UUID
    product_id: UUID
    warehouse_id: UUID
    day: date
    moved_in: int = 0
    moved_out: int = 0
    sold: int = 0


def follow(event: StockChanged) -> None:
    """Summaries and days stand as the event says. Two statements."""
    _follow([event])


def follow_many(envelopes: Sequence[Envelope]) -> None:
    """The same for many events of one tenant. Two statements."""
    _follow(envelope.event() for envelope in envelopes)


def _follow(events: Iterable[StockChanged]) -> None:
    summaries: dict[tuple[UUID, UUID], Summary] = {}
    days: dict[tuple[UUID, UUID, date], Day] = {}
    for level in (level for event in events for level in event.levels):
        of = (require_tenant_id(), level.product_id, level.warehouse_id)
        _stand(summaries.setdefault(of[1:], Summary(*of)), level)
        for movement in level.movements:
            day = movement.occurred_at.astimezone(UTC).date()
            _count(days.setdefault((*of[1:], day), Day(*of, day)), movement.kind, movement.quantity)
    # In one order, since handlers of other events may be writing the same rows.
    place = ("tenant_id", "product_id", "warehouse_id")
    merge_rows(StockSummary, [summaries[of] for of in sorted(summaries)], key=place, merged=_SUMMARY)
    merge_rows(StockDay, [days[of] for of in sorted(days)], key=(*place, "day"), merged=_DAY)


def _stand(summary: Summary, level: StockLevelPart) -> None:
    if level.level_version > summary.level_version:
        summary.on_hand, summary.reserved = level.on_hand, level.reserved
        summary.level_version = level.level_version
    moments = [movement.occurred_at for movement in level.movements]
    summary.last_moved_at = max([*moments, *filter(None, [summary.last_moved_at])], default=None)


def _count(day: Day, kind: str, quantity: int) -> None:
    if quantity > 0:
        day.moved_in += quantity
    else:
        day.moved_out -= quantity
    if kind == StockMovement.Kind.SALE:
        day.sold -= quantity
