"""How much of each product must have been in stock before the first line of a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from apps.business.orders.imports.invoices import Invoice


def opening_receipts(invoices: Iterable[Invoice]) -> dict[str, int]:
    """By stock code the smallest receipt with which the stock never falls below zero, in the order of booking.

    It is the depth of the lowest point that the running sum of all movements reaches; products that never go below
    zero need none.
    """
    running: Counter[str] = Counter()
    lowest: dict[str, int] = {}
    for invoice in invoices:
        for step in invoice.stock_changes():
            for code, change in step.items():
                running[code] += change
                if running[code] < lowest.get(code, 0):
                    lowest[code] = running[code]
    return {code: -depth for code, depth in lowest.items()}
