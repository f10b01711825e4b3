"""Decides what a line is."""

from __future__ import annotations

from enum import StrEnum

from apps.business.orders.imports.reader import Line
from apps.business.orders.models import LineKind

_POSTAGE = frozenset({"POST", "DOT", "C2"})  # postage, postage of the web shop, carriage
_DISCOUNT = frozenset({"D"})
_MANUAL = frozenset({"M", "S", "B", "CRUK", "BANK CHARGES", "AMAZONFEE", "ADJUST", "ADJUST2"})  # booked by hand
_CREDIT_NOTE = "C"


class Became(StrEnum):
    """What a line turns into."""

    ORDER = "order"
    CREDIT = "credit"
    ADJUSTMENT = "adjustment"


class CannotBe(ValueError):
    """The line contradicts itself; the message says how."""


def kind_of(line: Line) -> LineKind:
    """What the line charges for, by its stock code. Any code that is not one of the house's own is a product's."""
    code = line.code.upper()
    if code in _POSTAGE:
        return LineKind.POSTAGE
    if code in _MANUAL:
        return LineKind.MANUAL
    if code in _DISCOUNT:
        # What is taken off is a discount; the rare charge under its code is a manual one.
        return LineKind.DISCOUNT if line.exact_e4 <= 0 else LineKind.MANUAL
    return LineKind.PRODUCT


def classify(line: Line) -> Became:
    """Sold, credited, or a change of the stock alone. Raises CannotBe.

    A negative line without a price, outside a credit note, is no return: nobody gets anything back. Such lines are
    counts, breakages and losses, and their quantity is the change of the stock.
    """
    kind, on_credit_note = kind_of(line), line.invoice_no.upper().startswith(_CREDIT_NOTE)
    if line.quantity == 0:
        raise CannotBe("the quantity is zero")
    if line.quantity > 0:
        if on_credit_note:
            raise CannotBe("a credit note takes back, so its quantity must be below zero")
        if kind == LineKind.PRODUCT and line.price_e4 < 0:
            raise CannotBe("a product's price is below zero")
        return Became.ORDER
    if line.price_e4 < 0:
        raise CannotBe("quantity and price are both below zero")
    if not on_credit_note and line.price_e4 == 0 and kind == LineKind.PRODUCT:
        return Became.ADJUSTMENT
    return Became.CREDIT
