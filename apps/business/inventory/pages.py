"""The console's stock: shown on the page of its product."""

from __future__ import annotations

from django.contrib import messages
from django.shortcuts import redirect
from django.utils import timezone

from apps.business.inventory import commands
from apps.business.inventory.forms import StockAdjustmentForm
from apps.business.inventory.permissions import StockPermission
from apps.core.api.pages import page
from apps.core.errors import DomainError


@page(post=StockPermission.ADJUST, scoped_to=("product", "product_id"))
def stock_adjustment(request, product_id):
    """POST /products/<id>/stock-adjustments"""
    form, now = StockAdjustmentForm(request.POST), timezone.now()
    if not form.is_valid():
        faults = [f"{form.fields[name].label or name.title()}: {texts[0]}" for name, texts in form.errors.items()]
        messages.error(request, " ".join(faults))
        return redirect(f"/products/{product_id}/")
    occasion = commands.Occasion(
        actor=request.actor, occurred_at=now, recorded_at=now, reason=form.cleaned_data["reason"]
    )
    try:
        movement = commands.adjust(product_id=product_id, quantity=form.cleaned_data["quantity"], occasion=occasion)
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"There are {movement.balance} in stock now.")
    return redirect(f"/products/{product_id}/")
