"""A shop's products and carts, for everybody."""

from __future__ import annotations

from django.shortcuts import redirect

from apps.business.carts import commands
from apps.business.catalog import queries as catalog
from apps.business.catalog.errors import ProductNotFound
from apps.business.shop.forms import AmountForm, SearchForm
from apps.business.shop.shelves import choices_of, with_prices
from apps.business.shop.visits import shop_page
from apps.core.api.pages import page_of_rows
from apps.core.errors import DomainError

_ON_A_PAGE = 24


@shop_page()
def product_list(request, visit):
    """GET /shop/<slug>/?q=…&category=…"""
    form = SearchForm(request.GET)
    asked = form.cleaned_data if form.is_valid() else {}
    currency = visit.here.currency
    shown = catalog.showcase(currency=currency, at=visit.at, q=asked.get("q", ""), category_id=asked.get("category"))
    products, cursors, _ = page_of_rows(request, shown, limit=_ON_A_PAGE, ignore=("q", "category"))
    context = {
        "products": with_prices(products, currency=currency, at=visit.at),
        "page": cursors,
        "q": asked.get("q", ""),
        "category_id": asked.get("category"),
    }
    return visit.show(request, "shop/list.html", context)


@shop_page()
def product_detail(request, visit, product_id):
    """GET /shop/<slug>/products/<id>/: a product with its pictures, and what of it can be bought."""
    product = catalog.product(product_id)
    if product.is_variant:
        return redirect(f"{visit.path}products/{product.variant_of_id}/")
    choices = choices_of(product, currency=visit.here.currency, at=visit.at)
    if not choices:
        raise ProductNotFound("this product is not sold here")
    context = {"product": product, "choices": choices, "pictures": catalog.pictures_of(product_id)}
    return visit.show(request, "shop/product.html", context)


@shop_page(post=True)
def cart(request, visit):
    """GET, POST /shop/<slug>/cart: what lies in it; POST adds one product, or sets how many there are of each."""
    if request.method != "POST":
        return visit.show(request, "shop/cart.html", {"cart": visit.contents()})
    try:
        _fill(request.POST, visit)
    except DomainError as error:
        return visit.show(request, "shop/cart.html", {"cart": visit.contents(), "problem": str(error)}, status=409)
    except ValueError:
        problem = "Say how many, as a whole number up to 9999."
        return visit.show(request, "shop/cart.html", {"cart": visit.contents(), "problem": problem}, status=422)
    return redirect(f"{visit.path}cart")


def _fill(posted, visit):
    """Raises ValueError for what is no number, and as the commands do."""
    deed, _, target = posted.get("action", "update").partition(":")
    rows = zip(posted.getlist("product_id"), posted.getlist("quantity"), strict=True)
    for product_id, quantity in [(target, "0")] if deed == "remove" else rows:
        form = AmountForm({"product_id": product_id, "quantity": quantity})
        if not form.is_valid():
            raise ValueError(quantity)
        change = commands.add if deed == "add" else commands.put
        filled = change(visitor=visit.visitor, **form.cleaned_data, currency=visit.here.currency, now=visit.at)
        visit.visitor = filled.visitor
