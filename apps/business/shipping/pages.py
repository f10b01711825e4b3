"""The console's shipments."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone

from apps.business.orders import queries as orders
from apps.business.shipping import commands, progress, queries
from apps.business.shipping.filters import ShipmentFilter
from apps.business.shipping.forms import ProgressForm, WayForm
from apps.business.shipping.models import Shipment
from apps.business.shipping.permissions import ShipmentPermission
from apps.business.shipping.responses import packing_slip_response
from apps.core.api.pages import page, page_of_rows
from apps.core.errors import DomainError


@page(ShipmentPermission.VIEW)
def shipment_list(request):
    """GET /shipments/"""
    shipments, cursors, errors = page_of_rows(request, queries.shipments(), filterset=ShipmentFilter)
    context = {
        "shipments": shipments,
        "statuses": Shipment.Status.choices,
        "page": cursors,
        "filter_errors": errors,
    }
    return render(request, "shipments/list.html", context)


@page(ShipmentPermission.VIEW)
def orders_to_ship(request):
    """GET /shipments/waiting: what has to leave."""
    waiting, cursors, errors = page_of_rows(request, queries.orders_to_ship())
    return render(request, "shipments/waiting.html", {"orders": waiting, "page": cursors, "filter_errors": errors})


@page(ShipmentPermission.VIEW)
def shipment_detail(request, shipment_id):
    """GET /shipments/<id>/"""
    shipment = queries.shipment(shipment_id)
    steps = [status for status, before in Shipment.MAY_FOLLOW.items() if shipment.status in before]
    order = orders.order(shipment.order_id)
    may_leave = shipment.status != Shipment.Status.READY or not orders.may_come_to_nothing(order)
    context = {"shipment": shipment, "order": order, "steps": steps, "may_leave": may_leave}
    return render(request, "shipments/detail.html", context)


@page(ShipmentPermission.VIEW)
def packing_slip(request, shipment_id):
    """GET /shipments/<id>/packing-slip"""
    return packing_slip_response(shipment_id)


@page(post=ShipmentPermission.MANAGE, scoped_to=("order", "order_id"))
def shipments_of_order(request, order_id):
    """POST /orders/<id>/shipments: pack a parcel, and send it unless it is to wait."""
    form, back = WayForm(request.POST), redirect(f"/orders/{order_id}/")
    if not form.is_valid():
        messages.error(request, "The link is no address, or something is too long.")
        return back
    try:
        lines = commands.quantities_of(_lines(request.POST))
        with_way = {"order_id": order_id, "lines": lines, "actor": request.actor}
        if request.POST.get("deed") == "pack":
            made = commands.pack(**with_way, way=commands.Way(**form.cleaned_data))
        else:
            made = commands.ship(**with_way, **form.cleaned_data, now=timezone.now())
    except DomainError as error:
        messages.error(request, _told(error))
    except ValueError:
        messages.error(request, "Say how many of each line leave, as whole numbers.")
    else:
        messages.success(request, f"Shipment {made.number} is {made.status}.")
    return back


@page(post=ShipmentPermission.MANAGE)
def shipment_progress(request, shipment_id):
    """POST /shipments/<id>/progress"""
    form = ProgressForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Say what became of the shipment.")
        return redirect(f"/shipments/{shipment_id}/")
    way = dict(form.cleaned_data)
    status = way.pop("status")
    try:
        moved = progress.progressed(
            shipment_id=shipment_id,
            status=status,
            way=commands.Way(**way),
            actor=request.actor,
            now=timezone.now(),
        )
    except DomainError as error:
        messages.error(request, _told(error))
    else:
        messages.success(request, f"Shipment {moved.number} is {moved.status}.")
    return redirect(f"/shipments/{shipment_id}/")


@page(post=ShipmentPermission.MANAGE)
def shipment_deletion(request, shipment_id):
    """POST /shipments/<id>/deletion: take a parcel apart that has not left."""
    try:
        commands.unpack(shipment_id=shipment_id, actor=request.actor)
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "The parcel is unpacked.")
    return redirect("/shipments/")


def _told(error):
    """In the words of the first thing that is wrong, without the place that a program looks for."""
    text = next((text for texts in getattr(error, "errors", {}).values() for text in texts), str(error))
    return f"{text[:1].upper()}{text[1:]}."


def _lines(posted):
    """Raises ValueError for what is no id or no whole number."""
    for line_id, quantity in zip(posted.getlist("line_id"), posted.getlist("quantity"), strict=True):
        if int(quantity or 0):
            yield UUID(line_id), int(quantity)
