"""What the invoices of a file came to in the books: orders and returns, the ledger, the papers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Sum

from apps.business.invoicing import queries as invoicing
from apps.business.orders.imports import ledger
from apps.business.orders.models import Order, OrderReturn
from apps.business.payments import queries as payments


@dataclass(frozen=True, slots=True)
class Books:
    """Amounts in minor units, less what went back. `booked` is what the lines of these invoices were booked with, in
    whichever file they came; `elsewhere` what of that was booked by a release that kept no documents of imports.
    """

    booked_minor: int
    elsewhere_minor: int
    orders_minor: int
    ledger_minor: int
    invoices_minor: int

    @property
    def differences(self) -> dict[str, int]:
        """How far each of the three is from what was booked; without those that are not."""
        wanted = self.booked_minor - self.elsewhere_minor
        sums = {"orders": self.orders_minor, "ledger": self.ledger_minor, "invoices": self.invoices_minor}
        return {name: has - wanted for name, has in sums.items() if has != wanted}


def books_of(numbers: Collection[str]) -> Books:
    """What these invoices came to. Six statements for a thousand of them."""
    documents = ledger.documents(numbers)
    booked = ledger.booked_minor(numbers)
    ids = [document_id for found in documents.values() for document_id in found]
    return Books(
        booked_minor=sum(booked.values()),
        elsewhere_minor=sum(minor for number, minor in booked.items() if number not in documents),
        orders_minor=_total(Order, ids) - _total(OrderReturn, ids),
        ledger_minor=payments.owed_settled(payments.references_of(ids)),
        invoices_minor=invoicing.balance_of(ids),
    )


def _total(model: type[Order] | type[OrderReturn], ids: Collection[UUID]) -> int:
    rows = model.objects.in_tenant().filter(id__in=list(ids))
    return int(rows.aggregate(sum=Sum("total_minor"))["sum"] or 0)
