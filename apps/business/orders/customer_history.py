"""The writes of the customers' histories, called by `handlers` alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connections

from apps.business.orders.events import CreditGiven, OrderCancelled, OrderPlaced, OrderReturned
from apps.business.orders.models import PurchaseHistory
from apps.core.db.router import alias_for
from apps.core.events import Envelope, Event, InvalidMessage
from apps.core.tenancy import require_tenant_id

Of = tuple[UUID, str]

_ADD = """
insert into orders_purchasehistory as known (tenant_id, customer_id, currency, order_count, spent_minor, returned_minor,
                                             first_ordered_at, last_ordered_at)
values (%s, %s, %s, %s, %s, %s, %s, %s) on conflict (tenant_id, customer_id, currency) do update set
    order_count = known.order_count + excluded.order_count,
    spent_minor = known.spent_minor + excluded.spent_minor,
    returned_minor = known.returned_minor + excluded.returned_minor,
    first_ordered_at = least(known.first_ordered_at, excluded.first_ordered_at),
    last_ordered_at = greatest(known.last_ordered_at, excluded.last_ordered_at)
"""


@dataclass(frozen=True, slots=True)
class Doings:
    """What is added to a customer's history. In whichever order that is done, it comes to the same."""

    orders: int = 0
    spent_minor: int = 0
    returned_minor: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None

    def __add__(self, other: Doings) -> Doings:
        return Doings(
            self.orders + other.orders,
            self.spent_minor + other.spent_minor,
            self.returned_minor + other.returned_minor,
            min(_known(self.first_at, other.first_at), default=None),
            max(_known(self.last_at, other.last_at), default=None),
        )


def note(event: Event) -> None:
    """Add what an event means to its customer's history. One statement; none for an unnamed buyer's."""
    for of, doings in _meant(event):
        _add(of, doings)


def note_many(envelopes: Sequence[Envelope]) -> None:
    """The same for many events of one tenant. One statement for each customer and currency."""
    histories: dict[Of, Doings] = defaultdict(Doings)
    for envelope in envelopes:
        for of, doings in _meant(envelope.event()):
            histories[of] += doings
    for of in sorted(histories):
        _add(of, histories[of])


def _meant(event: Event) -> Iterable[tuple[Of, Doings]]:
    match event:
        case OrderPlaced():
            at, worth = event.occurred_at, event.total_minor
            doings = Doings(orders=1, spent_minor=worth, first_at=at, last_at=at)
        case OrderCancelled():
            doings = Doings(orders=-1, spent_minor=-event.total_minor)
        case OrderReturned() | CreditGiven():
            doings = Doings(returned_minor=event.total_minor)
        case _:
            raise InvalidMessage(f"{type(event).__name__} means nothing to a customer's history")
    if event.customer_id is not None:
        yield (event.customer_id, event.currency), doings


def _add(of: Of, doings: Doings) -> None:
    sums = (doings.orders, doings.spent_minor, doings.returned_minor, doings.first_at, doings.last_at)
    with connections[alias_for(PurchaseHistory)].cursor() as cursor:
        cursor.execute(_ADD, [require_tenant_id(), *of, *sums])


def _known(*moments: datetime | None) -> list[datetime]:
    return [moment for moment in moments if moment is not None]
