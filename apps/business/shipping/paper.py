"""A packing slip as a PDF: what is in the parcel, and nothing of what it cost."""

from __future__ import annotations

from typing import Any

from apps.business.paper import Paper
from apps.business.shipping.models import Shipment

_COLUMNS = ("Description", "Code", "Quantity")
_WIDTHS = (60, 25, 15)


def packing_slip_of(shipment: Shipment, order: Any) -> bytes:
    """The same bytes as long as nothing changes on the parcel. About a fifth of a second."""
    title = f"Packing slip {shipment.number}"
    paper = Paper(title=title, author="", at=shipment.created_at, foot=title)
    paper.block("To", _receiver(order))
    paper.heading(title)
    paper.facts(
        [
            ("Order", order.number),
            ("Carrier", shipment.carrier),
            ("Tracking", shipment.tracking_number),
            ("From", shipment.warehouse.name if shipment.warehouse else ""),
        ]
    )
    rows = [(line.description, line.code, str(line.quantity)) for line in shipment.lines.all()]
    pieces = sum(line.quantity for line in shipment.lines.all())
    paper.table(_COLUMNS, rows, widths=_WIDTHS, last=[("Pieces in this parcel", "", str(pieces))])
    return paper.content()


def _receiver(order: Any) -> list[str]:
    if order.ships_to:
        return [*order.ships_to.printed, order.ships_to.phone]
    buyer = order.customer
    return [buyer.name if buyer else "No customer named", order.country or (buyer.country if buyer else "")]
