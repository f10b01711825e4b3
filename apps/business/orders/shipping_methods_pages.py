"""The console's shipping methods."""

from __future__ import annotations

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone

from apps.business.orders import commands, queries
from apps.business.orders.forms import ShippingMethodForm, prices_text
from apps.business.orders.permissions import OrderPermission
from apps.core.api.pages import form_errors_from, page
from apps.core.errors import DomainError

_METHODS = "/orders/shipping/"


@page(OrderPermission.SET_SHIPPING)
def shipping_method_list(request):
    """GET /orders/shipping/"""
    methods = list(queries.shipping_methods())
    for method in methods:
        method.prices_said = prices_text(method.prices).splitlines()
    return render(request, "orders/shipping_methods.html", {"methods": methods})


@page(get=OrderPermission.SET_SHIPPING, post=OrderPermission.SET_SHIPPING)
def shipping_method_new(request):
    """GET, POST /orders/shipping/new"""
    form = ShippingMethodForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            content = commands.NewShippingMethod(**_said(form))
            method = commands.add_shipping_method(method=content, actor=request.actor)
        except DomainError as error:
            form_errors_from(error, form)
        else:
            messages.success(request, f"Orders can be sent by {method.name} now.")
            return redirect(_METHODS)
    return render(request, "orders/shipping_method.html", {"form": form}, status=422 if form.errors else 200)


@page(get=OrderPermission.SET_SHIPPING, post=OrderPermission.SET_SHIPPING)
def shipping_method_detail(request, method_id):
    """GET, POST /orders/shipping/<id>/"""
    method = queries.shipping_method(method_id)
    form = ShippingMethodForm(request.POST or None, initial=_initial(method))
    if request.method == "POST" and form.is_valid():
        try:
            commands.update_shipping_method(
                method_id=method_id,
                changes=_said(form),
                expected_version=form.cleaned_data["version"],
                actor=request.actor,
            )
        except DomainError as error:
            form_errors_from(error, form)
        else:
            messages.success(request, f"Saved {method.name}; placed orders keep what they were charged.")
            return redirect(_METHODS)
    context = {"form": form, "method": method}
    return render(request, "orders/shipping_method.html", context, status=422 if form.errors else 200)


@page(post=OrderPermission.SET_SHIPPING)
def shipping_method_deletion(request, method_id):
    """POST /orders/shipping/<id>/deletion"""
    method = commands.delete_shipping_method(method_id=method_id, actor=request.actor, now=timezone.now())
    messages.success(request, f"{method.name} is offered no longer; placed orders keep it.")
    return redirect(_METHODS)


def _said(form):
    return {name: form.cleaned_data[name] for name in ("name", "countries", "prices", "tax_class")}


def _initial(method):
    return {
        "name": method.name,
        "countries": " ".join(method.countries),
        "prices": prices_text(method.prices),
        "tax_class": method.tax_class,
        "version": method.version,
    }
