"""Taking back goods of an order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from apps.business.constraints import violation_means
from apps.business.inventory import commands as inventory
from apps.business.inventory import queries as stock
from apps.business.money import line_total_minor, price_e4, rounded_half_even
from apps.business.orders import queries
from apps.business.orders.commands.changing import changing
from apps.business.orders.errors import InvalidReturn, OrderNumberTaken
from apps.business.orders.events import LineReturned, OrderReturned
from apps.business.orders.models import LineKind, Order, OrderLine, OrderReturn, OrderReturnLine
from apps.core.db.ids import uuid7
from apps.core.history import Actor

_BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnedLine:
    """How many of an order's line come back. The buyer gets the line's own price, or `unit_price` (major units)."""

    line_id: UUID
    quantity: int
    unit_price: Decimal | None = None


def return_order_lines(
    *,
    order_id: UUID,
    lines: Sequence[ReturnedLine],
    reason: str,
    actor: Actor,
    now: datetime,
    number: str = "",
    returned_at: datetime | None = None,
) -> OrderReturn:
    """Take goods of an order back: they are in stock again, and the return says what the buyer gets.

    With the last of the goods the shipping charge goes back too; with a part of them it does not.
    A credit note from elsewhere brings its `number` and `returned_at`. Not safe to repeat without a number: each call
    is another return, as long as there is something left of the lines.
    Raises OrderNotFound, OrderNotDecided, OrderIsCancelled, InvalidReturn, OrderNumberTaken.
    """
    taken = OrderNumberTaken(f"there is a return {number} already")
    with (
        violation_means("orders_return_number", lambda: taken),
        changing(order_id, actor=actor, reason=reason) as order,
    ):
        order.state.require_agreed()
        known = {line.id: line for line in queries.lines_of(order_id)}
        lines = _with_shipping(lines, known)
        _check(lines, known)
        _refuse_what_has_not_left(order_id, lines, known)
        taken_back = _made(order.row, reason=reason, number=number, returned_at=returned_at or now, now=now)
        rows = _rows(lines, known, taken_back, order.row)
        taken_back.total_minor = sum(row.total_minor for row in rows)
        _put_back(rows, taken_back, order.row, actor=actor, now=now)
        taken_back.save()
        OrderReturnLine.objects.bulk_create(rows, batch_size=_BATCH)
        order.happen(_announced(taken_back, rows, known, order.row))
    return taken_back


def _with_shipping(lines: Sequence[ReturnedLine], known: Mapping[UUID, OrderLine]) -> Sequence[ReturnedLine]:
    """With the last of the goods goes back what their way cost, unless it did before (2011/83/EU, article 13)."""
    back: Counter[UUID] = Counter()
    for line in lines:
        back[line.line_id] += line.quantity
    goods = [line for line in known.values() if line.product_id]
    if not goods or any(line.returnable_quantity > back[line.id] for line in goods):
        return lines
    charges = (line for line in known.values() if line.kind == LineKind.SHIPPING and line.total_minor)
    due = {line.id: line.returnable_quantity - back[line.id] for line in charges}
    return [*lines, *(ReturnedLine(line_id=id_, quantity=count) for id_, count in due.items() if count > 0)]


def _check(lines: Sequence[ReturnedLine], known: Mapping[UUID, OrderLine]) -> None:
    errors: dict[str, list[str]] = {}
    wanted: Counter[UUID] = Counter()
    for place, line in enumerate(lines):
        of_order = known.get(line.line_id)
        wanted[line.line_id] += line.quantity
        if of_order is None:
            errors[f"lines.{place}.line_id"] = ["the order has no such line"]
        elif not line.quantity > 0 or wanted[line.line_id] > of_order.returnable_quantity:
            errors[f"lines.{place}.quantity"] = [f"from 1 to {of_order.returnable_quantity}"]
    if not lines:
        errors["lines"] = ["nothing is to be returned"]
    if errors:
        place, texts = next(iter(errors.items()))
        raise InvalidReturn(f"{place}: {texts[0]}", errors=errors)


def _refuse_what_has_not_left(order_id: UUID, lines: Sequence[ReturnedLine], known: Mapping[UUID, OrderLine]) -> None:
    """What is still promised to the order cannot come back. One statement."""
    gone: Counter[UUID] = Counter()
    for line in known.values():
        if line.product_id:
            gone[line.product_id] += line.returnable_quantity
    gone.subtract(stock.promised_to(order_id))
    for place, line in enumerate(lines):
        product_id = known[line.line_id].product_id
        if product_id and (line.quantity > gone[product_id]):
            raise InvalidReturn(errors={f"lines.{place}.quantity": [f"{max(0, gone[product_id])} have left"]})
        if product_id:
            gone[product_id] -= line.quantity


def _made(order: Order, *, reason: str, number: str, returned_at: datetime, now: datetime) -> OrderReturn:
    return OrderReturn(
        id=uuid7(),
        number=number,
        order=order,
        customer_id=order.customer_id,
        returned_at=returned_at,
        currency=order.currency,
        reason=reason[:200],
        created_at=now,
    )


def _rows(
    lines: Sequence[ReturnedLine], known: Mapping[UUID, OrderLine], taken_back: OrderReturn, order: Order
) -> list[OrderReturnLine]:
    rows = []
    for ordinal, line in enumerate(lines, start=1):
        bought = known[line.line_id]
        price, total_minor = _worth(line, bought, order)
        bought.returned_quantity += line.quantity
        rows.append(
            OrderReturnLine(
                order_return=taken_back,
                ordinal=ordinal,
                order_line=bought,
                kind=bought.kind,
                product_id=bought.product_id,
                code=bought.code,
                description=bought.description,
                quantity=line.quantity,
                unit_price_e4=price,
                total_minor=total_minor,
            )
        )
    return rows


def _worth(line: ReturnedLine, bought: OrderLine, order: Order) -> tuple[int, int]:
    """The unit price (e4) and the amount (minor units) that the buyer gets for it.

    At the line's own price it is the difference of what the line was worth before and after, so that piece by piece
    the buyer gets back exactly what was paid.
    """
    if line.unit_price is not None:
        price = price_e4(line.unit_price)
        return price, line_total_minor(line.quantity, price, order.currency)
    before = bought.returned_quantity
    return bought.unit_price_e4, _paid_for(before + line.quantity, bought, order) - _paid_for(before, bought, order)


def _paid_for(pieces: int, bought: OrderLine, order: Order) -> int:
    """What so many pieces of a line cost the buyer: with discounts and taxes their part of the whole line."""
    added_tax = 0 if order.prices_include_tax else bought.tax_minor
    if not added_tax and not bought.discount_minor:
        return line_total_minor(pieces, bought.unit_price_e4, order.currency)
    return rounded_half_even((bought.total_minor + added_tax) * pieces, bought.quantity)


def _is_everything(known: Mapping[UUID, OrderLine]) -> bool:
    """Whether nothing is left to come, once what `_rows` counted is back."""
    goods = [line for line in known.values() if line.product_id] or list(known.values())
    return all(line.returnable_quantity == 0 for line in goods)


def _put_back(
    rows: Sequence[OrderReturnLine], taken_back: OrderReturn, order: Order, *, actor: Actor, now: datetime
) -> None:
    counts: Counter[UUID] = Counter()
    for row in rows:
        if row.product_id is not None:
            counts[row.product_id] += row.quantity
    if counts:
        occasion = inventory.Occasion(
            actor=actor,
            occurred_at=taken_back.returned_at,
            recorded_at=now,
            order_id=order.id,
            reason=taken_back.reason or f"returned from order {order.number}",
        )
        inventory.put_back(quantities=counts, occasion=occasion)


def _announced(
    taken_back: OrderReturn, rows: Sequence[OrderReturnLine], known: Mapping[UUID, OrderLine], order: Order
) -> OrderReturned:
    lines = tuple(
        LineReturned(
            order_line_id=row.order_line_id,
            product_id=row.product_id,
            quantity=row.quantity,
            total_minor=row.total_minor,
        )
        for row in rows
    )
    return OrderReturned(
        order_id=order.id,
        order_return_id=taken_back.id,
        number=taken_back.number,
        reason=taken_back.reason,
        occurred_at=taken_back.returned_at,
        currency=taken_back.currency,
        total_minor=taken_back.total_minor,
        everything=_is_everything(known),
        lines=lines,
        customer_id=order.customer_id,
    )
