"""The console's audit: who changed what, the security log, and everybody's own activity."""

from __future__ import annotations

from typing import Any

from django.http import QueryDict
from django.shortcuts import render
from django.utils import timezone

from apps.core.api.pages import PERSONAL, page, page_of_rows
from apps.core.errors import Invalid
from apps.core.tenancy import person
from apps.iam.audit import exporting, kinds, queries, security_queries, verification
from apps.iam.audit.filters import page_of_changes
from apps.iam.audit.kinds import Kind, Outcome
from apps.iam.audit.permissions import AuditPermission
from apps.iam.audit.responses import export_response
from apps.iam.audit.security_filters import OwnSecurityEventFilter, SecurityEventFilter
from apps.iam.audit.sentences import actor, sentence


@page(AuditPermission.VIEW)
def change_list(request):
    """GET /audit/: who changed what."""
    try:
        (changes, following, _), errors = page_of_changes(request.GET), []
    except Invalid as error:
        changes, following = [], None
        errors = [f"{name}: {', '.join(texts)}" for name, texts in error.errors.items()]
    context = {
        "changes": changes,
        "entities": [(name, name) for name in queries.entities()],
        "filter_errors": errors,
        "page": {"next_cursor": following, "previous_cursor": None},
    }
    return render(request, "audit/list.html", context)


@page(AuditPermission.VIEW)
def security_log(request):
    """GET /audit/security/: what happened that matters to security."""
    rows, cursors, errors = page_of_rows(request, security_queries.security_records(), filterset=SecurityEventFilter)
    names = security_queries.names_of(rows)
    context = {
        "records": [_line(record, names) for record in rows],
        "page": cursors,
        "filter_errors": errors,
        "chosen": _chosen(request.GET, names),
        "export_query": _export_query(request.GET),
        "formats": list(exporting.FORMATS),
        **_choices(),
    }
    return render(request, "audit/security.html", context)


@page(AuditPermission.VIEW)
def security_event(request, event_id):
    """GET /audit/security/<id>/: one record in full."""
    record = security_queries.security_record(event_id)
    line = _line(record, security_queries.names_of([record]))
    return render(request, "audit/security_event.html", {"record": record, "line": line})


@page(AuditPermission.VIEW)
def security_verification(request):
    """GET /audit/security/verification: whether the newest records are what was written."""
    return render(request, "audit/verification.html", {"found": verification.statement(now=timezone.now())})


@page(AuditPermission.EXPORT)
def security_export(request):
    """GET /audit/security/export: the log as a file, with the list's filters."""
    return export_response(request)


@page(PERSONAL)
def own_activity(request):
    """GET /account/activity/: what happened about the person who is signed in, in all of their tenants."""
    me = request.principal
    with person(me.subject):
        rows, cursors, errors = page_of_rows(
            request, security_queries.records_about(me.subject), filterset=OwnSecurityEventFilter, limit=30
        )
    context = {
        "records": [_line(record, {me.subject: me.name}) for record in rows],
        "page": cursors,
        "filter_errors": errors,
        **_choices(),
    }
    return render(request, "account/activity.html", context)


def _line(record: Any, names: dict[Any, str]) -> dict[str, Any]:
    return {
        "record": record,
        "sentence": sentence(record, names),
        "actor": actor(record),
        "subject_name": names.get(record.subject_id, ""),
        "is_person": record.subject_id in names,
    }


def _choices() -> dict[str, Any]:
    return {
        "groups": list(kinds.groups()),
        "kinds": [str(kind) for kind in Kind],
        "outcomes": [str(outcome) for outcome in Outcome],
    }


def _chosen(query: QueryDict, names: dict[Any, str]) -> list[tuple[str, str]]:
    """The filters that have no field of their own on the page: they come from links."""
    return [(name, query[name]) for name in ("actor", "subject", "session", "address") if query.get(name)]


def _export_query(query: QueryDict) -> str:
    """The list's filters, without its place and without fields that were left empty."""
    kept = QueryDict(mutable=True)
    for name, value in query.items():
        if value and name not in ("cursor", "limit", "ordering"):
            kept[name] = value
    return kept.urlencode()
