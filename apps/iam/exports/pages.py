"""The console's pages about exports."""

from __future__ import annotations

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone

from apps.core.api.pages import AUTHENTICATED, PERSONAL, SENSITIVE, page, page_of_rows
from apps.core.errors import DomainError
from apps.iam.exports import commands, queries
from apps.iam.exports.api import file_response
from apps.iam.exports.permissions import ExportPermission
from apps.iam.tenants.permissions import TenantPermission

HERE, OWN = "/exports/", "/account/data/"


@page(AUTHENTICATED)
def exports(request):
    """GET /exports/: what was exported of the company and of its people, and how far that has come."""
    rows, cursors, errors = page_of_rows(request, queries.exports(request.principal))
    context = {"exports": rows, "page": cursors, "filter_errors": errors, "open": _is_any_open(rows)}
    return render(request, "exports/list.html", context)


@page(post=TenantPermission.EXPORT, step_up=SENSITIVE)
def company_export(request):
    """POST /exports/company: begin to export everything of the company."""
    commands.request_company_export(actor=request.actor, now=timezone.now())
    messages.success(request, "The export has begun.")
    return redirect(HERE)


@page(post=ExportPermission.PEOPLE, step_up=SENSITIVE)
def person_export(request, user_id):
    """POST /people/<id>/export: begin to export everything that is kept about somebody."""
    made = commands.request_person_export(user_id=user_id, actor=request.actor, now=timezone.now())
    messages.success(request, f"The export about {made.subject_name} has begun.")
    return redirect(HERE)


@page(get=PERSONAL, post=PERSONAL)
def own_data(request):
    """GET, POST /account/data/: everything that is kept about the person who is signed in."""
    user_id = request.principal.subject
    if request.method == "POST":
        commands.request_person_export(user_id=user_id, actor=request.actor, now=timezone.now())
        messages.success(request, "Your data are being gathered.")
        return redirect(OWN)
    rows, cursors, _ = page_of_rows(request, queries.own_exports(user_id))
    context = {"exports": rows, "page": cursors, "open": _is_any_open(rows)}
    return render(request, "account/data.html", context)


@page(get=PERSONAL, step_up=SENSITIVE)
def export_file(request, export_id):
    """GET /exports/<id>/file: the zip."""
    try:
        return file_response(request, queries.export(export_id, queries.exports(request.principal)))
    except DomainError as error:
        messages.error(request, str(error))
        return redirect(HERE)


def _is_any_open(rows) -> bool:
    return any(one.state in one.OPEN for one in rows)
