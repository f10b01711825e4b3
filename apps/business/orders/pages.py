"""The console's orders."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone

from apps.business.orders import commands, queries
from apps.business.orders.filters import OrderFilter
from apps.business.orders.forms import MomentForm, ReasonForm
from apps.business.orders.models import LineKind, Order
from apps.business.orders.notes import notes_of_order
from apps.business.orders.permissions import OrderPermission
from apps.business.orders.story import told
from apps.business.payments import queries as payments
from apps.business.shipping import queries as shipping
from apps.core.api.pages import page, page_of_rows
from apps.core.errors import DomainError

_SORTABLE = ("placed_at", "total_minor", "line_count")
_KIND_ORDER = {kind: place for place, kind in enumerate(LineKind.values)}


@page(OrderPermission.VIEW)
def order_list(request):
    """GET /orders/"""
    orders, cursors, errors = page_of_rows(
        request, queries.order_summaries(), filterset=OrderFilter, sortable=_SORTABLE
    )
    context = {
        "orders": orders,
        "statuses": Order.Status.choices,
        "page": cursors,
        "sortable": _SORTABLE,
        "filter_errors": errors,
    }
    return render(request, "orders/list.html", context)


@page(OrderPermission.VIEW, scoped_to=("order", "order_id"))
def order_detail(request, order_id):
    """GET /orders/<id>/"""
    order, history = queries.order(order_id), queries.changes_of_order(order_id)
    lines = sorted(order.lines.all(), key=lambda line: (_KIND_ORDER[line.kind], line.ordinal))
    owed = shipping.owed(order_id) if order.can_return else []
    context = {
        "order": _with_names(order, history),
        "lines": [_line(line) for line in lines],
        "totals": _totals(lines),
        "payment": payments.payment_of(order_id),
        "notes": notes_of_order(order_id),
        "histories": queries.history_of_customer(order.customer_id) if order.customer_id else [],
        "can_cancel": order.can_cancel,
        "can_review": order.is_open_to_decide,
        "is_own": order.created_by == request.principal.subject,
        "can_return": order.can_return and any(line.product_id and line.returnable_quantity for line in lines),
        "order_path": f"{order_id}/",
        "timeline": told(queries.timeline(order_id), _names_in(history)),
        "shipments": shipping.shipments_of_order(order_id),
        "owed": owed,
        "something_can_leave": any(line.ready for line in owed),
        "may_leave": not queries.may_come_to_nothing(order),
        "returns": [_returned(returned) for returned in order.returns.all()],
    }
    return render(request, "orders/detail.html", context)


@page(OrderPermission.VIEW, scoped_to=("order", "order_id"))
def order_then(request, order_id):
    """GET /orders/<id>/then?at=…: the order as it was known at some moment, from its events alone."""
    form = MomentForm(request.GET)
    known = queries.order_as_of(order_id, form.cleaned_data["at"] if form.is_valid() else None)
    described = {line.id: line for line in queries.lines_of(order_id)}
    lines = [_line_then(line, described.get(line.id)) for line in known.state.lines]
    context = {
        "order": known.state,
        "known": known,
        "form": form,
        "lines": sorted(lines, key=lambda line: _KIND_ORDER[line["kind"]]),
        "order_path": f"/orders/{order_id}/",
    }
    return render(request, "orders/then.html", context)


@page(post=OrderPermission.CANCEL, scoped_to=("order", "order_id"))
def order_cancellation(request, order_id):
    """POST /orders/<id>/cancellation"""
    form = ReasonForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Say why the order is cancelled, in at most 200 characters.")
        return redirect(f"/orders/{order_id}/")
    try:
        order = commands.cancel_order(order_id=order_id, **form.cleaned_data, actor=request.actor, now=timezone.now())
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"Cancelled order {order.number}; its goods are back in stock.")
    return redirect(f"/orders/{order_id}/")


@page(post=OrderPermission.RETURN, scoped_to=("order", "order_id"))
def order_returns(request, order_id):
    """POST /orders/<id>/returns"""
    form = ReasonForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Say why the goods come back, in at most 200 characters.")
        return redirect(f"/orders/{order_id}/")
    try:
        commands.return_order_lines(
            order_id=order_id,
            lines=list(_returned_lines(request.POST)),
            **form.cleaned_data,
            actor=request.actor,
            now=timezone.now(),
        )
    except DomainError as error:
        messages.error(request, str(error))
    except ValueError:
        messages.error(request, "Say how many of each line come back, as whole numbers.")
    else:
        messages.success(request, "The return is booked; the goods are back in stock.")
    return redirect(f"/orders/{order_id}/")


def _returned_lines(posted):
    """Raises ValueError for what is no id or no whole number."""
    for line_id, quantity in zip(posted.getlist("line_id"), posted.getlist("quantity"), strict=True):
        if int(quantity or 0):
            yield commands.ReturnedLine(line_id=UUID(line_id), quantity=int(quantity))


def _names_in(history):
    """What the people are called who changed something, or in whose name it was done."""
    return {
        **{change.actor_id: change.actor_name for change in history},
        **{change.impersonator_id: change.impersonator_name for change in history if change.impersonator_id},
    }


def _with_names(order, history):
    names = {change.action: change.actor_name for change in reversed(history)}
    order.placed_by_name = names.get("created", "")
    order.cancelled_by_name = next((change.actor_name for change in history if change.after.get("cancelled_at")), "")
    if order.customer:
        order.customer_name, order.customer_email = order.customer.name, order.customer.email
    order.customer_country = order.country or (order.customer.country if order.customer else "")
    return order


def _line(line):
    names = (
        "id",
        "kind",
        "description",
        "product_id",
        "quantity",
        "shipped_quantity",
        "returned_quantity",
        "unit_price",
        "discount_minor",
        "total_minor",
    )
    return {**{name: getattr(line, name) for name in names}, "sku": line.code}


def _line_then(line, described):
    """What a line was, called as the order calls it: that never changes."""
    names = (
        "id",
        "kind",
        "product_id",
        "quantity",
        "shipped_quantity",
        "returned_quantity",
        "unit_price",
        "discount_minor",
        "total_minor",
    )
    called = {"description": getattr(described, "description", ""), "sku": getattr(described, "code", "")}
    return {**{name: getattr(line, name) for name in names}, **called}


def _totals(lines):
    """The sum of each kind of line, where there is more than one kind."""
    labels = {"product": "Goods", "discount": "Discounts", "manual": "Other"}
    sums: Counter[str] = Counter()
    for line in lines:
        sums[line.kind] += line.total_minor
    if len(sums) < 2:
        return None
    return [{"label": labels.get(kind, kind.capitalize()), "amount_minor": amount} for kind, amount in sums.items()]


def _returned(returned):
    names = ("id", "number", "returned_at", "reason", "total_minor")
    pieces = sum(line.quantity for line in returned.lines.all())
    return {**{name: getattr(returned, name) for name in names}, "quantity": pieces}
