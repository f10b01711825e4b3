"""The console's taxes of orders."""

from __future__ import annotations

from django.contrib import messages
from django.shortcuts import redirect, render

from apps.business.orders import commands, queries
from apps.business.orders.forms import TaxRateForm
from apps.business.orders.permissions import OrderPermission
from apps.core.api.pages import form_errors_from, page
from apps.core.errors import DomainError

_TAXES = "/orders/taxes/"


@page(get=OrderPermission.SET_TAXES, post=OrderPermission.SET_TAXES)
def taxes(request):
    """GET, POST /orders/taxes/"""
    form = TaxRateForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            commands.add_tax_rate(**form.wish, actor=request.actor)
        except DomainError as error:
            form_errors_from(error, form)
        else:
            messages.success(request, "The rate is kept; orders placed from now on are taxed by it.")
            return redirect(_TAXES)
    context = {"form": form, "rates": queries.tax_rates(), "prices_include_tax": queries.prices_include_tax()}
    return render(request, "orders/taxes.html", context, status=422 if form.errors else 200)


@page(post=OrderPermission.SET_TAXES)
def tax_rate_removal(request, rate_id):
    """POST /orders/taxes/<id>/removal"""
    try:
        commands.remove_tax_rate(rate_id=rate_id, actor=request.actor)
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "The rate is gone; orders placed already keep their taxes.")
    return redirect(_TAXES)


@page(post=OrderPermission.SET_TAXES)
def tax_settings(request):
    """POST /orders/taxes/settings"""
    gross = request.POST.get("prices_include_tax") == "yes"
    commands.set_prices_include_tax(prices_include_tax=gross, actor=request.actor)
    messages.success(request, f"Prices are {'gross' if gross else 'net'} from now on.")
    return redirect(_TAXES)
