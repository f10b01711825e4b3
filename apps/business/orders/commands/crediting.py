"""Giving goods or money back where the purchase is not known here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from apps.business.constraints import violation_means
from apps.business.inventory import commands as inventory
from apps.business.money import line_total_minor
from apps.business.orders import queries
from apps.business.orders.commands.lines import NewLine, completed, quantities_of
from apps.business.orders.errors import InvalidReturn, OrderNumberTaken
from apps.business.orders.events import CreditGiven
from apps.business.orders.models import LineKind, OrderReturn, OrderReturnLine
from apps.business.units import work_of
from apps.core.db.ids import uuid7
from apps.core.history import Actor

_BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCredit:
    """What is given back. Quantities are above zero; prices (major units) are what the buyer gets back for one."""

    lines: Sequence[NewLine]
    currency: str
    number: str = ""
    customer_id: UUID | None = None
    reason: str = ""
    given_at: datetime | None = None


def give_credit(*, credit: NewCredit, actor: Actor, now: datetime) -> OrderReturn:
    """Book a credit note; the products that it names are in stock again.

    Raises InvalidOrder, InvalidReturn, CustomerNotFound, OrderNumberTaken. A number makes it safe to repeat.
    """
    taken = OrderNumberTaken(f"there is a return {credit.number} already")
    with violation_means("orders_return_number", lambda: taken), work_of(actor, OrderReturn) as work:
        if credit.customer_id is not None:
            queries.customer(credit.customer_id)
        lines = completed(
            [_owed(line) for line in credit.lines], currency=credit.currency, historical=True, credited=True
        )
        given = _made(credit, now=now)
        rows = _rows(lines, given)
        given.total_minor = sum(row.total_minor for row in rows)
        _put_back(lines, given, actor=actor, now=now)
        given.save()
        OrderReturnLine.objects.bulk_create(rows, batch_size=_BATCH)
        work.publish(_announced(given), expected=0)
    return given


def _owed(line: NewLine) -> NewLine:
    if line.quantity <= 0:
        raise InvalidReturn(errors={"quantity": ["at least 1"]})
    return line


def _made(credit: NewCredit, *, now: datetime) -> OrderReturn:
    return OrderReturn(
        id=uuid7(),
        number=credit.number,
        customer_id=credit.customer_id,
        returned_at=credit.given_at or now,
        currency=credit.currency,
        reason=credit.reason[:200],
        created_at=now,
    )


def _rows(lines: Sequence[NewLine], given: OrderReturn) -> list[OrderReturnLine]:
    rows = []
    for ordinal, line in enumerate(lines, start=1):
        rows.append(
            OrderReturnLine(
                order_return=given,
                ordinal=ordinal,
                kind=line.kind,
                product_id=line.product_id,
                code=line.code,
                description=line.description,
                quantity=line.quantity,
                unit_price_e4=line.price_e4,
                total_minor=line_total_minor(line.quantity, line.price_e4, given.currency),
            )
        )
    return rows


def _put_back(lines: Sequence[NewLine], given: OrderReturn, *, actor: Actor, now: datetime) -> None:
    quantities = quantities_of(line for line in lines if line.kind == LineKind.PRODUCT)
    if quantities:
        occasion = inventory.Occasion(
            actor=actor,
            occurred_at=given.returned_at,
            recorded_at=now,
            reason=given.reason or f"credit note {given.number}".strip(),
        )
        inventory.put_back(quantities=quantities, occasion=occasion)


def _announced(given: OrderReturn) -> CreditGiven:
    return CreditGiven(
        order_return_id=given.id,
        number=given.number,
        customer_id=given.customer_id,
        reason=given.reason,
        occurred_at=given.returned_at,
        currency=given.currency,
        total_minor=given.total_minor,
    )
