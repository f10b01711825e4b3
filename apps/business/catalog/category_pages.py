"""The console's tree of categories."""

from __future__ import annotations

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone

from apps.business.catalog import commands, queries
from apps.business.catalog.forms import CategoryForm
from apps.business.catalog.permissions import ProductPermission
from apps.business.catalog.product_head import uuids
from apps.core.api.pages import form_errors_from, page, page_of_rows
from apps.core.errors import DomainError

HERE = "/categories/"
_AUDIT_VIEW = "audit.view"
_DELETED_SHOWN = 50


@page(get=ProductPermission.VIEW, post=ProductPermission.MANAGE)
def category_list(request):
    """GET, POST /categories/: the tree, and those that were deleted; POST adds one."""
    below = next(iter(uuids([request.GET.get("below", "")])), "")
    form = CategoryForm(request.POST or None, initial={"parent_id": str(below)})
    if request.method == "POST" and form.is_valid():
        try:
            made = commands.create_category(**form.cleaned_data, actor=request.actor, now=timezone.now())
        except DomainError as error:
            form_errors_from(error, form)
        else:
            messages.success(request, f"Added {made.name}.")
            return redirect(HERE)
    counts = queries.product_counts()
    context = {
        "form": form,
        "shelves": [(shelf, counts.get(shelf.id, 0)) for shelf in queries.category_tree()],
        "gone": queries.deleted_categories()[:_DELETED_SHOWN],
    }
    return render(request, "categories/list.html", context, status=422 if request.method == "POST" else 200)


@page(get=ProductPermission.VIEW, post=ProductPermission.MANAGE)
def category_detail(request, category_id):
    """GET, POST /categories/<id>/: one category and the products in it; POST renames or moves it."""
    category = queries.category(category_id)
    if request.method != "POST":
        initial = {"name": category.name, "parent_id": str(category.parent_id or "")}
        return _detail(request, category, CategoryForm(initial=initial, leaving_out=category_id))
    form = CategoryForm(request.POST, leaving_out=category_id)
    if form.is_valid():
        try:
            category = commands.place_category(
                category_id=category_id, **form.cleaned_data, actor=request.actor, now=timezone.now()
            )
        except DomainError as error:
            form_errors_from(error, form)
        else:
            messages.success(request, f"Saved {category.name}.")
            return redirect(f"{HERE}{category_id}/")
    return _detail(request, category, form, status=422)


@page(post=ProductPermission.MANAGE)
def category_deletion(request, category_id):
    """POST /categories/<id>/deletion"""
    try:
        gone = commands.delete_category(category_id=category_id, actor=request.actor, now=timezone.now())
    except DomainError as error:
        messages.error(request, str(error))
        return redirect(f"{HERE}{category_id}/")
    messages.success(request, f"Deleted {gone.name}.", extra_tags=f"undo:{HERE}{category_id}/restoration")
    return redirect(HERE)


@page(post=ProductPermission.MANAGE)
def category_restoration(request, category_id):
    """POST /categories/<id>/restoration"""
    try:
        back = commands.restore_category(category_id=category_id, actor=request.actor, now=timezone.now())
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"Restored {back.name}.")
    return redirect(HERE)


def _detail(request, category, form, *, status=200):
    products, cursors, errors = page_of_rows(request, queries.products(category=category.id))
    shelves = queries.category_tree()
    context = {
        "category": category,
        "form": form,
        "path": next((shelf.path for shelf in shelves if shelf.id == category.id), category.name),
        "below": [shelf for shelf in shelves if shelf.parent_id == category.id],
        "products": products,
        "page": cursors,
        "filter_errors": errors,
    }
    if request.principal.may(_AUDIT_VIEW):
        context["changes"] = queries.changes_of_category(category.id)
    return render(request, "categories/detail.html", context, status=status)
