"""The console's explainer: why may somebody do something, who may, and who holds which role for what."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone

from apps.core.api.pages import AUTHENTICATED, form_errors_from, page, page_of_rows
from apps.core.auth import Resource
from apps.core.errors import DomainError
from apps.iam.access import commands, subjects
from apps.iam.access.asking import page_of_those_who_can, question
from apps.iam.access.filters import AssignmentFilter
from apps.iam.access.forms import AssignmentForm, ExplainForm, WhoCanForm
from apps.iam.access.permissions import AccessPermission
from apps.iam.roles import assignments, preview
from apps.iam.roles import queries as roles
from apps.iam.roles.permissions import RolePermission
from apps.iam.roles.resources import resource_names

_PAGES = {"user": "people", "group": "groups"}


@page(AUTHENTICATED)
def explainer(request):
    """GET /access/: why somebody may do something, or why not and what would change it."""
    form, explanation = ExplainForm(_asked(request) or None), None
    if form.is_bound and form.is_valid():
        wish = form.cleaned_data
        try:
            explanation = question(
                request, permission=wish["permission"], subject=wish["subject"], resource=form.resource
            )
        except DomainError as error:
            form_errors_from(error, form)
    context = {"form": form, "explanation": explanation}
    return render(request, "access/explain.html", context, status=422 if form.is_bound and form.errors else 200)


@page(AccessPermission.EXPLAIN)
def who_can(request):
    """GET /access/who-can: who may do something, and by which paths."""
    form, rows, cursors = WhoCanForm(_asked(request) or None), None, {}
    if form.is_bound and form.is_valid():
        resource = Resource.parsed(form.resource) if form.resource else None
        try:
            rows, meta = page_of_those_who_can(request, form.cleaned_data["permission"], resource, kind=_kind(request))
            cursors = {"next_cursor": meta["next"], "previous_cursor": meta["previous"]}
        except DomainError as error:
            form_errors_from(error, form)
    context = {"form": form, "rows": rows, "page": cursors, "kind": _kind(request)}
    return render(request, "access/who_can.html", context, status=422 if form.is_bound and form.errors else 200)


@page(get=RolePermission.VIEW, post=RolePermission.ASSIGN)
def assignment_list(request):
    """GET, POST /access/assignments: who holds which role, for what and until when; give somebody one."""
    if request.method != "POST":
        return _list(request, None)
    form = AssignmentForm(request.POST)
    if not form.is_valid():
        return _list(request, form, status=422)
    wish, now = dict(form.cleaned_data), timezone.now()
    try:
        if "preview" in request.POST:
            wish.pop("expires_at")
            return _list(request, form, outlook=preview.of_assignment(**wish, now=now))
        commands.grant_role(**wish, actor=request.actor, now=now)
    except DomainError as error:
        form_errors_from(error, form)
        return _list(request, form, status=422)
    messages.success(request, "Gave the role.")
    return redirect(_list_of(wish["holder_kind"], wish["holder_id"]))


@page(post=RolePermission.ASSIGN)
def assignment_end(request, assignment_id):
    """POST /access/assignments/<id>/end: take a role away before its time."""
    try:
        commands.end_assignment(assignment_id=assignment_id, actor=request.actor, now=timezone.now())
        messages.success(request, "Took the role away.")
    except DomainError as error:
        messages.error(request, str(error))
    given = assignments.assignment(assignment_id)
    return redirect(_list_of(given.holder_kind, given.holder_id))


def _list(request, form, *, outlook: preview.Preview | None = None, status: int = 200):
    rows, cursors, errors = page_of_rows(request, assignments.assignments(), filterset=AssignmentFilter)
    data = request.POST if form is not None else request.GET
    holder = _holder(str(data.get("holder_kind", "")), str(data.get("holder_id", "")))
    if holder is not None and form is None and holder.is_there and request.principal.may(RolePermission.ASSIGN):
        form = AssignmentForm(initial={"holder_kind": holder.kind, "holder_id": holder.id})
    context = {
        "assignments": _told(rows),
        "holder": holder,
        "holder_page": _PAGES.get(holder.kind, "") if holder else "",
        "form": form,
        "outlook": outlook,
        "page": cursors,
        "filter_errors": errors,
        "states": assignments.STATES,
    }
    return render(request, "access/assignments.html", context, status=status)


def _told(rows: list[Any]) -> list[dict[str, Any]]:
    """Assignments with names for everything."""
    labels, now = roles.labels(), timezone.now()
    names = {
        kind: subjects.names(kind, [row.holder_id for row in rows if row.holder_kind == kind])
        for kind in subjects.KINDS
    }
    objects = resource_names({Resource(row.resource_type, row.resource_id) for row in rows if row.resource_type})
    return [
        {
            "id": row.id,
            "holder": names[row.holder_kind][row.holder_id],
            "holder_kind": row.holder_kind,
            "holder_id": row.holder_id,
            "holder_page": _PAGES.get(row.holder_kind, ""),
            "role": labels.get(row.role_code, row.role_code),
            "scope": objects[Resource(row.resource_type, row.resource_id)] if row.resource_type else "",
            "expires_at": row.expires_at,
            "state": row.state(now),
        }
        for row in rows
    ]


def _holder(kind: str, id_: str) -> subjects.Subject | None:
    try:
        return subjects.subjects(kind, [Resource.parsed(f"{kind}:{id_}").id]).popitem()[1]
    except (DomainError, KeyError):
        return None


def _list_of(kind: str, holder_id: object) -> str:
    return f"/access/assignments?holder_kind={kind}&holder_id={holder_id}"


def _kind(request) -> str:
    return "service" if request.GET.get("kind") == "service" else "user"


def _asked(request) -> dict[str, str]:
    """What the form's fields and links from elsewhere (`resource=order:<id>`) say; nothing when nothing was asked."""
    asked = {name: value for name, value in request.GET.items() if value}
    kind, _, id_ = asked.pop("resource", "").partition(":")
    if kind:
        asked |= {"resource_type": kind, "resource_id": id_}
    return asked if "permission" in asked else {}
