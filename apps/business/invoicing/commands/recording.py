"""Papers of the past, with the dates of what they are about and numbers of a series of their own (ADR 34)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from apps.business.invoicing import queries
from apps.business.invoicing.commands.issuing import (
    Draft,
    draft_of_cancellation,
    draft_of_order,
    draft_of_return,
    issue,
)
from apps.business.invoicing.models import PAST_CREDITS, PAST_INVOICES, Invoice
from apps.business.orders import queries as orders_queries
from apps.business.units import work_of
from apps.core.history import Actor

_OWED = ("unpaid", "authorised")


def record_invoices(*, orders: Sequence[tuple[Any, Iterable[Any]]], actor: Actor) -> list[Invoice]:
    """Record the invoices of placed orders that have none, in this order, each as of the day of its order. `orders`
    come with their lines.

    Five statements, however many. Not safe to repeat: the second call breaks `invoicing_one_per_cause`.
    """
    with work_of(actor, Invoice) as work:
        seller = queries.seller()
        drafts = []
        for order, lines in orders:
            draft = draft_of_order(order, lines, seller=seller, issued_at=order.placed_at)
            _put_into_the_past(draft, reference=order.number if order.source == "import" else "")
            if order.payment_status not in _OWED:
                draft.paper.due_date = None
            drafts.append(draft)
        issue(drafts, work=work)
    return [draft.paper for draft in drafts]


def record_credit_note(*, order_return_id: UUID, actor: Actor) -> Invoice:
    """Record the credit note of a return that has none, as of its day. As `record_invoices`. Raises ReturnNotFound."""
    with work_of(actor, Invoice) as work:
        returned = orders_queries.lock_return(order_return_id)
        draft = draft_of_return(returned, seller=queries.seller(), issued_at=returned.returned_at)
        issue([_put_into_the_past(draft, reference=returned.number)], work=work)
    return draft.paper


def record_cancellation(*, order_id: UUID, actor: Actor) -> Invoice:
    """Record the credit note of a cancelled order that has none, as of its day. Raises OrderNotFound."""
    with work_of(actor, Invoice) as work:
        order = orders_queries.order(order_id)
        draft = draft_of_cancellation(order, seller=queries.seller(), issued_at=order.cancelled_at)
        issue([_put_into_the_past(draft)], work=work)
    return draft.paper


def _put_into_the_past(draft: Draft, *, reference: str = "") -> Draft:
    """A paper that was first issued elsewhere keeps the number that it has there as its reference."""
    paper = draft.paper
    paper.series = PAST_CREDITS if paper.is_credit else PAST_INVOICES
    paper.reference = reference
    return draft
