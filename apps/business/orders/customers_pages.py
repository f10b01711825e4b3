"""The console's customers."""

from __future__ import annotations

import json

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from apps.business.orders import commands, queries
from apps.business.orders.filters import CustomerFilter
from apps.business.orders.forms import CustomerEditForm, CustomerForm, ErasureForm
from apps.business.orders.permissions import CustomerPermission, OrderPermission
from apps.core.api.pages import form_errors_from, page, page_of_rows
from apps.core.errors import DomainError

_NEWEST = 10


@page(CustomerPermission.VIEW)
def customer_list(request):
    """GET /customers/"""
    customers, cursors, errors = page_of_rows(request, queries.customers(), filterset=CustomerFilter)
    context = {"customers": customers, "page": cursors, "filter_errors": errors}
    return render(request, "customers/list.html", context)


@page(get=CustomerPermission.MANAGE, post=CustomerPermission.MANAGE)
def customer_new(request):
    """GET, POST /customers/new"""
    form = CustomerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            content = commands.NewCustomer(**form.cleaned_data)
            customer = commands.create_customer(customer=content, actor=request.actor, now=timezone.now())
        except DomainError as error:
            form_errors_from(error, form)
        else:
            messages.success(request, f"{customer.name} is known now.")
            return redirect(f"/customers/{customer.id}/")
    return render(request, "customers/new.html", {"form": form}, status=422 if request.method == "POST" else 200)


@page(get=CustomerPermission.VIEW, post=CustomerPermission.MANAGE, scoped_to=("customer", "customer_id"))
def customer_detail(request, customer_id):
    """GET, POST /customers/<id>/: a customer, their addresses and their latest orders; POST saves the form."""
    if request.method != "POST":
        customer = queries.customer(customer_id)
        return _detail(request, customer, CustomerEditForm(initial=_initial(customer)))
    form = CustomerEditForm(request.POST)
    if form.is_valid():
        try:
            changes = dict(form.cleaned_data)
            customer = commands.update_customer(
                customer_id=customer_id,
                expected_version=changes.pop("version"),
                changes=changes,
                actor=request.actor,
                now=timezone.now(),
            )
        except DomainError as error:
            form_errors_from(error, form)
        else:
            messages.success(request, f"Saved {customer.name}.")
            return redirect(f"/customers/{customer_id}/")
    return _detail(request, queries.customer(customer_id), form, status=422)


@page(get=CustomerPermission.ERASE, post=CustomerPermission.ERASE, scoped_to=("customer", "customer_id"))
def customer_erasure(request, customer_id):
    """GET, POST /customers/<id>/erasure: what it means, and a form to do it."""
    customer = queries.customer(customer_id)
    form = ErasureForm(request.POST or None, customer=customer)
    if request.method == "POST" and form.is_valid():
        facts = {"reason": form.cleaned_data["reason"], "actor": request.actor, "now": timezone.now()}
        try:
            commands.erase_customer(customer_id=customer_id, **facts)
        except DomainError as error:
            form_errors_from(error, form)
        else:
            messages.success(request, f"Customer {customer.code} is erased.")
            return redirect(f"/customers/{customer_id}/")
    context = {"customer": customer, "form": form}
    return render(request, "customers/erasure.html", context, status=422 if request.method == "POST" else 200)


@page(get=CustomerPermission.DISCLOSE, scoped_to=("customer", "customer_id"))
def customer_personal_data(request, customer_id):
    """GET /customers/<id>/personal-data: all that is kept of a customer, as a file."""
    told = json.dumps(queries.personal_data_of(customer_id), indent=2, ensure_ascii=False)
    response = HttpResponse(told, content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="customer-{customer_id}.json"'
    return response


def _detail(request, customer, form, *, status=200):
    context = {"customer": customer, "form": form, "addresses": queries.addresses_of(customer.id)}
    context["histories"] = queries.history_of_customer(customer.id)
    if request.principal.may(OrderPermission.VIEW):
        context["orders"] = queries.order_summaries().filter(customer_id=customer.id)[:_NEWEST]
    return render(request, "customers/detail.html", context, status=status)


def _initial(customer):
    return {name: getattr(customer, name) for name in ("code", "name", "email", "country", "version")}
