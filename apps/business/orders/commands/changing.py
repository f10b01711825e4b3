"""How an order changes: its stream is read, a command decides on what that says, and what happened is appended where
the stream still ends there. The rows follow in the same transaction (ADR 27).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from apps.business.orders import queries
from apps.business.orders.errors import OrderNotFound
from apps.business.orders.models import Order, OrderLine
from apps.business.orders.states import ORDER, OrderState
from apps.business.units import work_of
from apps.core.db.router import alias_for
from apps.core.events import Event, UnitOfWork
from apps.core.events.snapshots import state_to_change
from apps.core.history import Actor

_BATCH = 500
_COUNTED = ("shipped_quantity", "returned_quantity")


@dataclass(slots=True)
class ChangingOrder:
    """An order in the hands of a command: `state` is what its events say, `row` the same as kept for reading."""

    state: OrderState
    row: Order
    sequence: int
    work: UnitOfWork

    def happen(self, event: Event) -> None:
        """Append the event and bring the rows along. Raises Overtaken when somebody else was faster."""
        self.sequence = self.work.publish(event, expected=self.sequence)
        before, self.state = self.state, ORDER.follow(self.state, event)
        _write_row(self.row, self.state)
        _write_lines(before, self.state)


@contextmanager
def changing(order_id: UUID, *, actor: Actor, reason: str = "") -> Iterator[ChangingOrder]:
    """An order to be changed, in a unit of work. Three statements, and the stream. Raises OrderNotFound.

    The row is locked first, so that commands on one order queue up instead of overtaking each other; that the stream is
    still where it was read is checked nevertheless, whoever may append to it.
    """
    with work_of(actor, Order, reason=reason) as work:
        row = queries.lock_order(order_id)
        known = state_to_change(ORDER, order_id, using=alias_for(Order))
        if known is None:
            raise OrderNotFound(f"nothing has happened to order {order_id}")
        yield ChangingOrder(known.state, row, known.sequence, work)


def kept(state: OrderState) -> dict[str, object]:
    """What of an order's state its row keeps, by column."""
    return {
        "status": state.status,
        "payment_status": state.payment_status,
        "fulfilment_status": state.fulfilment_status,
        "paid_minor": state.paid_minor,
        "refunded_minor": state.refunded_minor,
        "cancelled_at": state.cancelled_at,
        "cancel_reason": state.cancel_reason,
    }


def _write_row(row: Order, state: OrderState) -> None:
    """One statement: the row's version counts the events that changed it."""
    columns = kept(state)
    for name, value in columns.items():
        setattr(row, name, value)
    row.save(update_fields=list(columns))


def _write_lines(before: OrderState, after: OrderState) -> None:
    """One statement if a line changed."""
    changed = [
        OrderLine(id=new.id, shipped_quantity=new.shipped_quantity, returned_quantity=new.returned_quantity)
        for old, new in zip(before.lines, after.lines, strict=True)
        if old != new
    ]
    if changed:
        OrderLine.objects.in_tenant().bulk_update(changed, _COUNTED, batch_size=_BATCH)
