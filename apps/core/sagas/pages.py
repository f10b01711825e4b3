"""The console's inspector of sagas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from apps.core.api.pages import page, page_of_rows
from apps.core.api.service_paths import database_of, services_with_a_database
from apps.core.errors import DomainError
from apps.core.sagas import deciding, queries, repairing, story
from apps.core.sagas.definition import declared
from apps.core.sagas.filters import SagaFilter
from apps.core.sagas.models import Instance
from apps.core.sagas.permissions import SagaPermission

_MOST_STUCK = 20


@page(SagaPermission.VIEW)
def saga_list(request: Any, service: str) -> HttpResponse:
    """GET /services/<service>/sagas/: what is stuck first, then everything."""
    using, now = database_of(service), timezone.now()
    rows, cursors, errors = page_of_rows(request, queries.instances(using), filterset=SagaFilter)
    context = {
        "service": service,
        "services": services_with_a_database(),
        "stuck": [_shown(row) for row in queries.stuck(using, now=now)[:_MOST_STUCK]],
        "sagas": [_shown(row) for row in rows],
        "names": queries.names(using),
        "states": Instance.State.choices,
        "page": cursors,
        "filter_errors": errors,
    }
    return render(request, "sagas/list.html", context)


@page(SagaPermission.VIEW)
def stuck_count(request: Any, service: str) -> HttpResponse:
    """GET /services/<service>/sagas/stuck: the badge of the navigation, over all services of this process."""
    now = timezone.now()
    count = sum(queries.stuck(database_of(name), now=now).count() for name in services_with_a_database())
    return render(request, "sagas/_badge.html", {"count": count})


@page(SagaPermission.VIEW)
def saga_detail(request: Any, service: str, saga_id: UUID) -> HttpResponse:
    """GET /services/<service>/sagas/<id>/: its steps as they stand, what comes next, and its journal."""
    row = queries.instance(saga_id, using=database_of(service))
    entries, decision = queries.entries_of(row), deciding.decision_of(row)
    saga = declared(row.name, row.definition_version)
    context = {
        "service": service,
        "saga": _shown(row),
        "row": row,
        "steps": story.steps_of(row, entries),
        "next": story.what_next(row),
        "entries": entries,
        "may_decide": decision is not None
        and request.principal.may(decision.permission)
        and not deciding.is_own(row, request.actor),
        "needs_attention": row.state == Instance.State.NEEDS_ATTENTION,
        "may_cancel": row.state in (Instance.State.RUNNING, Instance.State.WAITING)
        and saga is not None
        and not saga.is_committed(row.position),
    }
    return render(request, "sagas/detail.html", context)


@page(post=SagaPermission.MANAGE)
def act(request: Any, service: str, saga_id: UUID, deed: str) -> HttpResponse:
    """POST /services/<service>/sagas/<id>/<deed>: retrial, skipping, resolution, cancellation, approval or denial."""
    if deed not in _DEEDS:
        raise Http404
    command, said = _DEEDS[deed]
    reason = request.POST.get("reason", "").strip()[:500]
    if not reason and deed in _WITH_REASON:
        messages.error(request, "Say why: it is kept in the journal.")
        return redirect(f"/services/{service}/sagas/{saga_id}/")
    try:
        command(request, saga_id, using=database_of(service), reason=reason, actor=request.actor, now=timezone.now())
        messages.success(request, said)
    except DomainError as error:
        messages.error(request, str(error))
    return redirect(f"/services/{service}/sagas/{saga_id}/")


def _repair(command: Callable[..., Instance]) -> Callable[..., Instance]:
    return lambda request, saga_id, **facts: command(saga_id, **facts)


def _decide(*, approved: bool) -> Callable[..., Instance]:
    return lambda request, saga_id, **facts: deciding.decide_as(request.principal, saga_id, approved=approved, **facts)


_WITH_REASON = ("skipping", "resolution", "cancellation")
_DEEDS = {
    "retrial": (_repair(repairing.retry), "It tries again."),
    "skipping": (_repair(repairing.skip), "It goes on with what comes next."),
    "resolution": (_repair(repairing.resolve), "It is closed as resolved by hand."),
    "cancellation": (_repair(repairing.cancel), "It is being undone."),
    "approval": (_decide(approved=True), "Approved: it goes on."),
    "denial": (_decide(approved=False), "Denied: it is being undone."),
}


def _shown(row: Instance) -> dict[str, Any]:
    names = ("id", "name", "key", "state", "failure_code", "failure", "started_at", "started_by_name", "updated_at")
    overdue = row.due_at is not None and row.due_at < timezone.now() - queries.OVERDUE_AFTER
    return {
        **{name: getattr(row, name) for name in (*names, "due_at", "deadline_at", "closed_at", "attempts")},
        "step": story.present_step(row),
        "overdue": overdue,
    }
