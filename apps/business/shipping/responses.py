"""The answer that the API and the pages share."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse

from apps.business.orders import queries as orders
from apps.business.shipping import queries


def packing_slip_response(shipment_id: UUID) -> HttpResponse:
    """Raises ShipmentNotFound."""
    from apps.business.shipping.paper import packing_slip_of  # what draws it takes as long to load as all of shipping

    shipment = queries.shipment(shipment_id)
    content = packing_slip_of(shipment, orders.order(shipment.order_id))
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{shipment.number}.pdf"'
    response["Cache-Control"] = "private, no-store"
    return response
