"""The console's addresses of customers."""

from __future__ import annotations

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone

from apps.business.addresses import LONGEST
from apps.business.orders import commands, queries
from apps.business.orders.forms import CustomerAddressForm
from apps.business.orders.permissions import CustomerPermission
from apps.core.api.pages import form_errors_from, page
from apps.core.errors import DomainError

_OF_CUSTOMER = ("customer", "customer_id")
_DEFAULTS = ("default_for_shipping", "default_for_billing")


@page(get=CustomerPermission.MANAGE, post=CustomerPermission.MANAGE, scoped_to=_OF_CUSTOMER)
def address_new(request, customer_id):
    """GET, POST /customers/<id>/addresses/new"""
    customer = queries.customer(customer_id)
    form = CustomerAddressForm(request.POST or None, initial={"name": customer.name})
    if request.method == "POST" and form.is_valid():
        try:
            commands.add_address(customer_id=customer_id, address=form.address, **_defaults(form), actor=request.actor)
        except DomainError as error:
            form_errors_from(error, form)
        else:
            messages.success(request, "The address is kept.")
            return redirect(f"/customers/{customer_id}/")
    context = {"customer": customer, "form": form}
    return render(request, "customers/address.html", context, status=422 if form.errors else 200)


@page(get=CustomerPermission.VIEW, post=CustomerPermission.MANAGE, scoped_to=_OF_CUSTOMER)
def address_detail(request, customer_id, address_id):
    """GET, POST /customers/<id>/addresses/<id>/"""
    customer, address = queries.customer(customer_id), queries.address(customer_id, address_id)
    names = (*LONGEST, *_DEFAULTS, "version")
    form = CustomerAddressForm(request.POST or None, initial={name: getattr(address, name) for name in names})
    if request.method == "POST" and form.is_valid():
        changes = dict(form.cleaned_data)
        try:
            commands.update_address(
                customer_id=customer_id,
                address_id=address_id,
                expected_version=changes.pop("version"),
                changes=changes,
                actor=request.actor,
            )
        except DomainError as error:
            form_errors_from(error, form)
        else:
            messages.success(request, "The address is changed; orders that were placed keep what they were told.")
            return redirect(f"/customers/{customer_id}/")
    context = {"customer": customer, "address": address, "form": form}
    return render(request, "customers/address.html", context, status=422 if form.errors else 200)


@page(post=CustomerPermission.MANAGE, scoped_to=_OF_CUSTOMER)
def address_deletion(request, customer_id, address_id):
    """POST /customers/<id>/addresses/<id>/deletion"""
    commands.delete_address(customer_id=customer_id, address_id=address_id, actor=request.actor, now=timezone.now())
    undo = f"undo:/customers/{customer_id}/addresses/{address_id}/restoration"
    messages.success(request, "The address is deleted.", extra_tags=undo)
    return redirect(f"/customers/{customer_id}/")


@page(post=CustomerPermission.MANAGE, scoped_to=_OF_CUSTOMER)
def address_restoration(request, customer_id, address_id):
    """POST /customers/<id>/addresses/<id>/restoration"""
    commands.restore_address(customer_id=customer_id, address_id=address_id, actor=request.actor)
    messages.success(request, "The address is back.")
    return redirect(f"/customers/{customer_id}/")


def _defaults(form):
    return {name: form.cleaned_data[name] for name in _DEFAULTS}
