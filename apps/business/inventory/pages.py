"""The console's stock: the list, and one product's stock with its ledger and reservations."""

from __future__ import annotations

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone

from apps.business.catalog import queries as catalog
from apps.business.inventory import commands, queries
from apps.business.inventory.filters import StockDayFilter, StockLevelFilter
from apps.business.inventory.forms import BackOrdersForm, StockAdjustmentForm, StockThresholdForm, StockTransferForm
from apps.business.inventory.permissions import StockPermission
from apps.core.api.pages import page, page_of_rows
from apps.core.errors import DomainError

_PROMISES_SHOWN = 50
_DAYS_SHOWN = 14


@page(StockPermission.VIEW)
def stock_list(request):
    """GET /stock/: how many there are of each product in each warehouse."""
    levels, cursors, errors = page_of_rows(request, queries.stock_levels(), filterset=StockLevelFilter)
    waiting = queries.back_ordered({level.product_id for level in levels})
    for level in levels:
        level.waiting = waiting.get(level.product_id, 0)
    context = {"levels": levels, "page": cursors, "filter_errors": errors, "warehouses": queries.warehouses()}
    return render(request, "stock/list.html", context)


@page(StockPermission.VIEW)
def stock_days(request):
    """GET /stock/days/: what came, left and was sold on which day."""
    days, cursors, errors = page_of_rows(request, queries.stock_days(), filterset=StockDayFilter)
    context = {"days": days, "page": cursors, "filter_errors": errors, "warehouses": queries.warehouses()}
    return render(request, "stock/days.html", context)


@page(StockPermission.VIEW, scoped_to=("product", "product_id"))
def stock_of_product(request, product_id):
    """GET /stock/<product id>/: where it lies, to whom it is promised, and what moved."""
    product, levels = catalog.product(product_id, with_deleted=True), queries.levels_of(product_id)
    back_orders, warehouses = queries.back_orders(product_id), list(queries.warehouses())
    context = {
        "product": product,
        "levels": levels,
        "available": sum(level.available for level in levels),
        "reserved": sum(level.reserved for level in levels),
        "back_orders": back_orders,
        "promises": queries.promised(product_id)[:_PROMISES_SHOWN],
        "movements": queries.movements_of(product_id),
        "days": queries.stock_days().filter(product_id=product_id)[:_DAYS_SHOWN],
        "transfer_form": StockTransferForm(warehouses=warehouses) if len(warehouses) > 1 else None,
        "threshold_form": StockThresholdForm(warehouses=warehouses) if warehouses else None,
        "back_orders_form": BackOrdersForm(initial=back_orders),
    }
    return render(request, "stock/detail.html", context)


@page(post=StockPermission.ADJUST, scoped_to=("product", "product_id"))
def stock_adjustment(request, product_id):
    """POST /products/<id>/stock-adjustments"""

    def adjust(*, reason, **wish):
        movement = commands.adjust(product_id=product_id, **wish, occasion=_occasion(request, reason))
        return f"There are {movement.balance} in stock now."

    return _done(request, StockAdjustmentForm(request.POST), adjust, onward=f"/products/{product_id}/")


@page(post=StockPermission.ADJUST, scoped_to=("product", "product_id"))
def stock_transfer(request, product_id):
    """POST /stock/<product id>/transfers"""

    def transfer(*, reason, **wish):
        commands.transfer(product_id=product_id, **wish, occasion=_occasion(request, reason))
        return f"Transferred {wish['quantity']}."

    form = StockTransferForm(request.POST, warehouses=queries.warehouses())
    return _done(request, form, transfer, onward=f"/stock/{product_id}/")


@page(post=StockPermission.MANAGE, scoped_to=("product", "product_id"))
def stock_threshold(request, product_id):
    """POST /stock/<product id>/thresholds"""

    def set_threshold(**wish):
        commands.set_threshold(product_id=product_id, **wish, actor=request.actor)
        return "Saved the threshold."

    form = StockThresholdForm(request.POST, warehouses=queries.warehouses())
    return _done(request, form, set_threshold, onward=f"/stock/{product_id}/")


@page(post=StockPermission.MANAGE, scoped_to=("product", "product_id"))
def back_orders(request, product_id):
    """POST /stock/<product id>/back-orders"""

    def allow(*, at_most):
        commands.allow_back_orders(product_id=product_id, at_most=at_most, actor=request.actor)
        return f"Up to {at_most} may be back-ordered." if at_most else "It cannot be back-ordered any more."

    return _done(request, BackOrdersForm(request.POST), allow, onward=f"/stock/{product_id}/")


def _occasion(request, reason):
    now = timezone.now()
    return commands.Occasion(actor=request.actor, occurred_at=now, recorded_at=now, reason=reason)


def _done(request, form, command, *, onward):
    """Carry out what the form says, or say why not; either way back to where it stands."""
    if not form.is_valid():
        faults = [f"{form.fields[name].label or name.title()}: {texts[0]}" for name, texts in form.errors.items()]
        messages.error(request, " ".join(faults))
        return redirect(onward)
    try:
        messages.success(request, command(**form.cleaned_data))
    except DomainError as error:
        messages.error(request, str(error))
    return redirect(onward)
