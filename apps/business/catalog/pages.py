"""The console's products."""

from __future__ import annotations

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from apps.business.catalog import commands, queries
from apps.business.catalog.filters import ProductListFilter
from apps.business.catalog.forms import ProductEditForm, ProductForm
from apps.business.catalog.permissions import ProductPermission
from apps.business.catalog.product_head import head_of, uuids
from apps.business.inventory import commands as inventory_commands
from apps.business.inventory import queries as inventory
from apps.business.inventory.forms import StockAdjustmentForm
from apps.business.inventory.permissions import StockPermission
from apps.core.api.pages import form_errors_from, page, page_of_rows
from apps.core.auth import Resource
from apps.core.errors import DomainError, PreconditionFailed

_AUDIT_VIEW = "audit.view"
_SORTABLE = ("name", "sku")


@page(ProductPermission.VIEW)
def product_list(request):
    """GET /products/: the catalogue."""
    products, cursors, errors = page_of_rows(
        request, queries.products(), filterset=ProductListFilter, sortable=_SORTABLE
    )
    if request.principal.may(StockPermission.VIEW):
        levels = inventory.on_hand([product.id for product in products])
        for product in products:
            product.on_hand = levels.get(product.id, 0)
    context = {
        "products": products,
        "page": cursors,
        "sortable": _SORTABLE,
        "filter_errors": errors,
        "shelves": queries.category_tree(),
    }
    return render(request, "products/list.html", context)


@page(get=ProductPermission.MANAGE, post=ProductPermission.MANAGE)
def product_new(request):
    """GET, POST /products/new: a new product."""
    form = ProductForm(request.POST or None, may_manage_stock=request.principal.may(StockPermission.MANAGE))
    if request.method == "POST" and form.is_valid():
        try:
            wish = dict(form.cleaned_data)
            at_most = wish.pop("back_orders", None)
            content = commands.NewProduct(**wish)
            product = commands.create_product(product=content, actor=request.actor, now=timezone.now())
            _allow_back_orders(request, product.id, at_most)
        except DomainError as error:
            form_errors_from(error, form)
        else:
            messages.success(request, f"Created {product.name}.")
            return redirect(f"/products/{product.id}/")
    return render(request, "products/new.html", {"form": form}, status=422 if request.method == "POST" else 200)


@page(get=ProductPermission.VIEW, post=ProductPermission.MANAGE, scoped_to=("product", "product_id"))
def product_detail(request, product_id):
    """GET, POST /products/<id>/: one product, its stock and its history; POST saves the form."""
    may_manage_stock = request.principal.may(StockPermission.MANAGE, Resource("product", product_id))
    if request.method != "POST":
        product = queries.product(product_id, with_deleted=True)
        form = ProductEditForm(initial=_initial(product, may_manage_stock), may_manage_stock=may_manage_stock)
        return _detail(request, product, form)
    form = ProductEditForm(request.POST, may_manage_stock=may_manage_stock)
    if form.is_valid():
        try:
            changes = dict(form.cleaned_data)
            at_most = changes.pop("back_orders", None)
            product = commands.update_product(
                product_id=product_id,
                expected_version=changes.pop("version"),
                changes=changes,
                actor=request.actor,
                now=timezone.now(),
            )
            if may_manage_stock:
                _allow_back_orders(request, product_id, at_most)
        except PreconditionFailed:
            return _conflict(request, product_id, may_manage_stock)
        except DomainError as error:
            form_errors_from(error, form)
        else:
            messages.success(request, f"Saved {product.name}.")
            return redirect(f"/products/{product_id}/")
    return _detail(request, queries.product(product_id, with_deleted=True), form, status=422)


@page(post=ProductPermission.MANAGE, scoped_to=("product", "product_id"))
def product_deletion(request, product_id):
    """POST /products/<id>/deletion"""
    product = commands.delete_product(product_id=product_id, actor=request.actor, now=timezone.now())
    messages.success(request, f"Deleted {product.name}.", extra_tags=f"undo:/products/{product_id}/restoration")
    return redirect(_onward(request, "/products/"))


@page(post=ProductPermission.MANAGE, scoped_to=("product", "product_id"))
def product_restoration(request, product_id):
    """POST /products/<id>/restoration"""
    try:
        product = commands.restore_product(product_id=product_id, actor=request.actor, now=timezone.now())
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"Restored {product.name}.")
    return redirect(_onward(request, f"/products/{product_id}/"))


@page(post=ProductPermission.MANAGE, scoped_to=("product", "product_id"))
def product_places(request, product_id):
    """POST /products/<id>/categories: all the categories that it stands in."""
    try:
        commands.categorise(
            product_id=product_id,
            category_ids=uuids(request.POST.getlist("category_id")),
            actor=request.actor,
            now=timezone.now(),
        )
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "Saved where it stands.")
    return redirect(f"/products/{product_id}/")


def _onward(request, path):
    """Where the form says that it came from, if that is on this site; else the path."""
    onward = request.POST.get("next", "")
    return onward if url_has_allowed_host_and_scheme(onward, allowed_hosts={request.get_host()}) else path


def _allow_back_orders(request, product_id, at_most):
    """Nothing is written where nothing changes."""
    if (at_most or 0) != inventory.back_orders(product_id)["at_most"]:
        inventory_commands.allow_back_orders(product_id=product_id, at_most=at_most or 0, actor=request.actor)


def _conflict(request, product_id, may_manage_stock):
    """Somebody else saved first: what was typed stays, on top of the version that is there now."""
    product = queries.product(product_id, with_deleted=True)
    latest = next(iter(queries.changes_of_product(product_id, limit=1)), None)
    form = ProductEditForm({**request.POST.dict(), "version": product.version}, may_manage_stock=may_manage_stock)
    conflict = {"changed_at": product.updated_at, "changed_by": latest.actor_name if latest else ""}
    return _detail(request, product, form, status=409, conflict=conflict)


def _detail(request, product, form, *, status=200, conflict=None):
    context = {"form": form, "conflict": conflict, **head_of(product), **_places(product)}
    if request.principal.may(_AUDIT_VIEW):
        context["changes"] = queries.changes_with_prices(product.id)
    if request.principal.may(StockPermission.VIEW, Resource("product", product.id)):
        context |= _stock(product)
    return render(request, "products/detail.html", context, status=status)


def _stock(product):
    levels = inventory.levels_of(product.id)
    return {
        "stock": {
            "on_hand": sum(level.on_hand for level in levels),
            "available": sum(level.available for level in levels),
            "levels": levels,
            "reorder_level": product.reorder_level,
            "updated_at": max((level.updated_at for level in levels), default=None),
        },
        "stock_form": StockAdjustmentForm(),
        "movements": inventory.movements_of(product.id),
    }


def _places(product):
    places = queries.categories_of(product.id)
    shelves = queries.category_tree()
    return {
        "shelves": shelves,
        "places": places,
        "place_names": [shelf.path for shelf in shelves if shelf.id in places],
    }


def _initial(product, may_manage_stock):
    names = ("sku", "name", "unit_price", "currency", "tax_class", "reorder_level", "description", "version")
    at_most = inventory.back_orders(product.id)["at_most"] if may_manage_stock else None
    return {**{name: getattr(product, name) for name in names}, "back_orders": at_most or None}
