"""Whether an order's rows are what its events say, its sums those of its lines, and its money that of its payment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from apps.business.orders.commands.changing import kept
from apps.business.orders.models import Order, OrderLine, OrderReturn
from apps.business.orders.states import ORDER, LineState, OrderState
from apps.business.payments import queries as payments
from apps.core.db.router import alias_for
from apps.core.events.folding import as_of
from apps.core.events.log import streams

_FACTS = ("number", "customer_id", "placed_at", "currency", "total_minor", "discount_minor", "tax_minor")
# What somebody wrote, which is erased with a person in events and rows apart.
_OF_PEOPLE = ("cancel_reason",)
_LINE_FACTS = ("id", "quantity", "total_minor", "tax_minor", "shipped_quantity", "returned_quantity")


def otherwise_told(orders: Sequence[Order], *, before: datetime) -> Mapping[UUID, str]:
    """Orders of which the events say something else than the rows. One statement."""
    told = streams([order.id for order in orders], using=alias_for(Order))
    found = {}
    for order in orders:
        known = as_of(told.get(order.id, ()), ORDER)
        differing = list(_differing(order, known.state)) if known else ["no event"]
        if differing:
            found[order.id] = f"order {order.number}: its events say otherwise of {', '.join(differing)}"
    return found


def otherwise_summed(orders: Sequence[Order], *, before: datetime) -> Mapping[UUID, str]:
    """Orders that do not cost what their lines do. No statement."""
    return {
        order.id: f"order {order.number} costs {order.total_minor}, its lines {costs}"
        for order in orders
        if (costs := sum(_owed(line, order) for line in order.lines.all())) != order.total_minor
    }


def otherwise_paid(orders: Sequence[Order], *, before: datetime) -> Mapping[UUID, str]:
    """Orders that say something else of their money than their payments do. One statement."""
    taken = payments.money_of([order.id for order in orders], before=before)
    return {
        order.id: f"order {order.number} says {says} was paid and given back, its payment {taken[order.id]}"
        for order in orders
        if order.id in taken and (says := (order.paid_minor, order.refunded_minor)) != taken[order.id]
    }


def otherwise_returned(returns: Sequence[OrderReturn], *, before: datetime) -> Mapping[UUID, str]:
    """Returns that are not worth what their lines are. No statement."""
    return {
        one.id: f"return {one.number or one.id} is worth {one.total_minor}, its lines {worth}"
        for one in returns
        if (worth := sum(line.total_minor for line in one.lines.all())) != one.total_minor
    }


def _differing(order: Order, state: OrderState) -> Iterator[str]:
    stands = {name: value for name, value in kept(state).items() if name not in _OF_PEOPLE}
    yield from (name for name, value in stands.items() if getattr(order, name) != value)
    yield from (name for name in _FACTS if getattr(order, name) != getattr(state, name))
    rows = {line.id: line for line in order.lines.all()}
    if rows.keys() != {line.id for line in state.lines}:
        yield "its lines"
        return
    yield from (f"line {rows[line.id].ordinal}" for line in state.lines if _line_differs(rows[line.id], line))


def _line_differs(row: OrderLine, line: LineState) -> bool:
    return any(getattr(row, name) != getattr(line, name) for name in _LINE_FACTS)


def _owed(line: OrderLine, order: Order) -> int:
    return int(line.total_minor if order.prices_include_tax else line.total_minor + line.tax_minor)
