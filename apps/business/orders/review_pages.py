"""The console's reviews of orders: the decision, and which orders need one."""

from __future__ import annotations

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone

from apps.business.orders import commands, queries
from apps.business.orders.forms import ReviewLimitForm
from apps.business.orders.permissions import OrderPermission
from apps.core.api.pages import form_errors_from, page
from apps.core.errors import DomainError

_LIMITS = "/orders/review-limits/"


@page(post=OrderPermission.REVIEW, scoped_to=("order", "order_id"))
def order_review(request, order_id):
    """POST /orders/<id>/review: agree or refuse."""
    approved, reason = request.POST.get("decision") == "approve", request.POST.get("reason", "")[:200]
    try:
        order = commands.review_order(
            order_id=order_id, approved=approved, reason=reason, actor=request.actor, now=timezone.now()
        )
    except DomainError as error:
        messages.error(request, str(error))
    else:
        what = "Agreed to" if approved else "Refused"
        messages.success(request, f"{what} order {order.number}.")
    return redirect(f"/orders/{order_id}/")


@page(get=OrderPermission.SET_LIMITS, post=OrderPermission.SET_LIMITS)
def review_limits(request):
    """GET, POST /orders/review-limits/"""
    form = ReviewLimitForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            limit = commands.set_review_limit(**form.cleaned_data, actor=request.actor)
        except DomainError as error:
            form_errors_from(error, form)
        else:
            messages.success(request, f"Orders in {limit.currency} above the limit are reviewed from now on.")
            return redirect(_LIMITS)
    context = {"form": form, "limits": queries.review_limits()}
    return render(request, "orders/review_limits.html", context, status=422 if form.errors else 200)


@page(post=OrderPermission.SET_LIMITS)
def review_limit_removal(request, currency):
    """POST /orders/review-limits/<currency>/removal"""
    try:
        commands.remove_review_limit(currency=currency, actor=request.actor)
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"Orders in {currency} pass unseen from now on.")
    return redirect(_LIMITS)
