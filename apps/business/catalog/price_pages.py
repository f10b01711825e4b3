"""The console's prices of a product, by currency and time."""

from __future__ import annotations

from itertools import groupby

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone

from apps.business.catalog import commands, queries
from apps.business.catalog.forms import PriceForm
from apps.business.catalog.permissions import ProductPermission
from apps.business.catalog.product_head import head_of
from apps.core.api.pages import form_errors_from, page
from apps.core.errors import DomainError

_OF_PRODUCT = ("product", "product_id")
_MOST_SHOWN = 200


@page(get=ProductPermission.VIEW, post=ProductPermission.MANAGE, scoped_to=_OF_PRODUCT)
def product_prices(request, product_id):
    """GET, POST /products/<id>/prices/: what it cost, costs and will cost; POST sets a price."""
    product = queries.product(product_id, with_deleted=True)
    if request.method != "POST":
        return _shown(request, product, PriceForm(initial={"currency": product.currency}))
    form = PriceForm(request.POST)
    if form.is_valid():
        try:
            commands.set_price(product_id=product_id, **form.cleaned_data, actor=request.actor, now=timezone.now())
        except DomainError as error:
            form_errors_from(error, form)
        else:
            messages.success(request, "The price is set.")
            return redirect(f"/products/{product_id}/prices/")
    return _shown(request, product, form, status=422)


@page(post=ProductPermission.MANAGE, scoped_to=_OF_PRODUCT)
def product_price_end(request, product_id, price_id):
    """POST /products/<id>/prices/<price id>/end: end a price now, or take back one to come."""
    try:
        commands.end_price(product_id=product_id, price_id=price_id, actor=request.actor, now=timezone.now())
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "The price is ended.")
    return redirect(f"/products/{product_id}/prices/")


def _shown(request, product, form, *, status=200):
    now = timezone.now()
    prices = list(queries.all_prices_of(product.id)[:_MOST_SHOWN])
    for price in prices:
        price.state = "over" if price.is_over(at=now) else "active" if price.valid_from <= now else "scheduled"
    prices.sort(key=lambda price: price.currency)
    timelines = [(currency, list(group)) for currency, group in groupby(prices, key=lambda price: price.currency)]
    holds = any(price.state == "active" and price.currency == product.currency for price in prices)
    context = {**head_of(product), "form": form, "timelines": timelines, "own_price_holds": not holds}
    return render(request, "products/prices.html", context, status=status)
