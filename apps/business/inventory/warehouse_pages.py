"""The console's warehouses."""

from __future__ import annotations

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone

from apps.business.inventory import commands, queries
from apps.business.inventory.filters import WarehouseFilter
from apps.business.inventory.forms import WarehouseEditForm, WarehouseForm
from apps.business.inventory.permissions import StockPermission
from apps.core.api.pages import form_errors_from, page, page_of_rows
from apps.core.errors import DomainError, PreconditionFailed

HERE = "/warehouses/"
_FIELDS = ("name", "address", "country", "priority", "latitude", "longitude", "version")


@page(StockPermission.VIEW)
def warehouse_list(request):
    """GET /warehouses/: where goods lie."""
    warehouses, cursors, errors = page_of_rows(request, queries.warehouses(), filterset=WarehouseFilter)
    context = {"warehouses": warehouses, "page": cursors, "filter_errors": errors}
    return render(request, "warehouses/list.html", context)


@page(get=StockPermission.MANAGE, post=StockPermission.MANAGE)
def warehouse_new(request):
    """GET, POST /warehouses/new: a new warehouse."""
    form = WarehouseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            content = commands.NewWarehouse(**form.cleaned_data)
            created = commands.create_warehouse(warehouse=content, actor=request.actor, now=timezone.now())
        except DomainError as error:
            form_errors_from(error, form)
        else:
            messages.success(request, f"Opened {created.name}.")
            return redirect(HERE)
    return render(request, "warehouses/new.html", {"form": form}, status=422 if request.method == "POST" else 200)


@page(get=StockPermission.VIEW, post=StockPermission.MANAGE)
def warehouse_detail(request, warehouse_id):
    """GET, POST /warehouses/<id>/: one warehouse; POST saves the form."""
    warehouse = queries.warehouse(warehouse_id)
    if request.method != "POST":
        form = WarehouseEditForm(initial={name: getattr(warehouse, name) for name in _FIELDS})
        return _detail(request, warehouse, form)
    form = WarehouseEditForm(request.POST)
    if not form.is_valid():
        return _detail(request, warehouse, form, status=422)
    changes = dict(form.cleaned_data)
    expected = changes.pop("version")
    try:
        commands.update_warehouse(
            warehouse_id=warehouse_id, changes=changes, expected_version=expected, actor=request.actor
        )
    except PreconditionFailed as error:  # what was typed stays, on top of the version that is there now
        form = WarehouseEditForm({**request.POST.dict(), "version": error.extra["version"]})
        form.add_error(None, f"{error} Save again to put yours in.")
        return _detail(request, warehouse, form, status=409)
    except DomainError as error:
        form_errors_from(error, form)
        return _detail(request, warehouse, form, status=422)
    messages.success(request, f"Saved {changes['name']}.")
    return redirect(HERE)


@page(post=StockPermission.MANAGE)
def warehouse_deletion(request, warehouse_id):
    """POST /warehouses/<id>/deletion"""

    def delete():
        warehouse = commands.delete_warehouse(warehouse_id=warehouse_id, actor=request.actor, now=timezone.now())
        messages.success(
            request, f"Closed {warehouse.name}.", extra_tags=f"undo:/warehouses/{warehouse_id}/restoration"
        )

    return _done(request, delete)


@page(post=StockPermission.MANAGE)
def warehouse_restoration(request, warehouse_id):
    """POST /warehouses/<id>/restoration"""

    def restore():
        warehouse = commands.restore_warehouse(warehouse_id=warehouse_id, actor=request.actor)
        messages.success(request, f"{warehouse.name} is open again.")

    return _done(request, restore)


@page(post=StockPermission.MANAGE)
def warehouse_default(request, warehouse_id):
    """POST /warehouses/<id>/default"""

    def make_default():
        warehouse = commands.make_default(warehouse_id=warehouse_id, actor=request.actor)
        messages.success(request, f"What names no warehouse goes to {warehouse.name} from now on.")

    return _done(request, make_default)


def _done(request, command):
    try:
        command()
    except DomainError as error:
        messages.error(request, str(error))
    return redirect(HERE)


def _detail(request, warehouse, form, *, status=200):
    return render(request, "warehouses/detail.html", {"warehouse": warehouse, "form": form}, status=status)
