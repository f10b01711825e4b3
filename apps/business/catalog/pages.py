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
    context = {"products": products, "page": cursors, "sortable": _SORTABLE, "filter_errors": errors}
    return render(request, "products/list.html", context)


@page(get=ProductPermission.MANAGE, post=ProductPermission.MANAGE)
def product_new(request):
    """GET, POST /products/new: a new product."""
    form = ProductForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            content = commands.NewProduct(**form.cleaned_data)
            product = commands.create_product(product=content, actor=request.actor, now=timezone.now())
        except DomainError as error:
            form_errors_from(error, form)
        else:
            messages.success(request, f"Created {product.name}.")
            return redirect(f"/products/{product.id}/")
    return render(request, "products/new.html", {"form": form}, status=422 if request.method == "POST" else 200)


@page(get=ProductPermission.VIEW, post=ProductPermission.MANAGE, scoped_to=("product", "product_id"))
def product_detail(request, product_id):
    """GET, POST /products/<id>/: one product, its stock and its history; POST saves the form."""
    if request.method != "POST":
        product = queries.product(product_id, with_deleted=True)
        return _detail(request, product, ProductEditForm(initial=_initial(product)))
    form = ProductEditForm(request.POST)
    if form.is_valid():
        try:
            changes = dict(form.cleaned_data)
            product = commands.update_product(
                product_id=product_id,
                expected_version=changes.pop("version"),
                changes=changes,
                actor=request.actor,
                now=timezone.now(),
            )
        except PreconditionFailed:
            return _conflict(request, product_id)
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
    return redirect("/products/")


@page(post=ProductPermission.MANAGE, scoped_to=("product", "product_id"))
def product_restoration(request, product_id):
    """POST /products/<id>/restoration"""
    try:
        product = commands.restore_product(product_id=product_id, actor=request.actor, now=timezone.now())
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"Restored {product.name}.")
    onward = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(onward, allowed_hosts={request.get_host()})
    return redirect(onward if safe else f"/products/{product_id}/")


def _conflict(request, product_id):
    """Somebody else saved first: what was typed stays, on top of the version that is there now."""
    product = queries.product(product_id, with_deleted=True)
    latest = next(iter(queries.changes_of_product(product_id, limit=1)), None)
    form = ProductEditForm({**request.POST.dict(), "version": product.version})
    conflict = {"changed_at": product.updated_at, "changed_by": latest.actor_name if latest else ""}
    return _detail(request, product, form, status=409, conflict=conflict)


def _detail(request, product, form, *, status=200, conflict=None):
    history = queries.changes_of_product(product.id)
    context = {"product": product, "form": form, "conflict": conflict}
    if request.principal.may(_AUDIT_VIEW):
        context["changes"] = history
    if product.is_deleted:
        product.deleted_by_name = next((change.actor_name for change in history if change.action == "deleted"), "")
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


def _initial(product):
    names = ("sku", "name", "unit_price", "currency", "reorder_level", "description", "version")
    return {name: getattr(product, name) for name in names}
