"""The console's new order."""

from __future__ import annotations

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone

from apps.business.orders import commands
from apps.business.orders.draft import customers_found, draft_from, empty_draft, products_found
from apps.business.orders.models import Order
from apps.business.orders.permissions import OrderPermission
from apps.core.api.pages import page
from apps.core.errors import DomainError


@page(get=OrderPermission.PLACE, post=OrderPermission.PLACE)
def order_new(request):
    """GET, POST /orders/new: the draft lies in the form; every control posts it, and `place` places it."""
    if request.method != "POST":
        return _shown(request, empty_draft())
    draft = draft_from(request.POST)
    if request.POST.get("action") != "place":
        return _shown(request, draft)
    if not draft.ready:
        return _shown(request, draft, status=422)
    try:
        order = commands.place_order(
            order=draft.as_order(Order.Source.CONSOLE),
            actor=request.actor,
            now=timezone.now(),
            idempotency_key=draft.idempotency_key,
        )
    except DomainError as error:
        draft.blame(error)
        return _shown(request, draft, status=422)
    if order.is_open_to_decide:
        messages.success(request, f"Order {order.number} is held until somebody else agrees to it.")
    elif draft.waiting:
        messages.success(request, f"Placed order {order.number}; {draft.waiting} of its pieces have to come in first.")
    else:
        messages.success(request, f"Placed order {order.number}.")
    return redirect(f"/orders/{order.id}/")


def _shown(request, draft, *, status=200):
    customer_q, product_q = request.POST.get("customer_q", ""), request.POST.get("product_q", "")
    context = {
        "draft": draft,
        "customer_q": customer_q,
        "product_q": product_q,
        "customers": customers_found(customer_q, draft),
        "products": products_found(product_q),
    }
    return render(request, "orders/_draft.html" if request.htmx else "orders/new.html", context, status=status)
