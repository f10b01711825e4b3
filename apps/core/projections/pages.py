"""The console's page about read models, for the platform's staff."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from apps.core.api.pages import page
from apps.core.api.service_paths import services_with_a_database
from apps.core.errors import DomainError
from apps.core.projections import commands, queries
from apps.core.projections.definition import Projection
from apps.core.projections.models import Rebuild
from apps.core.projections.permissions import ProjectionPermission
from apps.core.projections.tasks import build_later


@page(ProjectionPermission.VIEW)
def projections(request: Any, service: str) -> HttpResponse:
    """GET /services/<service>/projections/: each read model, and how it was built again."""
    rows = [_shown(one) for one in queries.projections_of(service)]
    context = {
        "service": service,
        "services": services_with_a_database(),
        "projections": rows,
        "open": any(row["newest"] and row["newest"].state == Rebuild.State.BUILDING for row in rows),
    }
    return render(request, "projections/list.html", context)


@page(post=ProjectionPermission.REBUILD)
def act(request: Any, service: str, name: str, deed: str) -> HttpResponse:
    """POST /services/<service>/projections/<name>/<deed>: build, put in place, take back, or discard."""
    if deed not in _DEEDS:
        raise Http404
    try:
        messages.success(request, _DEEDS[deed](queries.projection_named(name, service=service), request.actor))
    except DomainError as error:
        messages.error(request, str(error))
    return redirect(f"/services/{service}/projections/")


def _build(projection: Projection, actor: Any) -> str:
    build_later(projection, actor=actor)
    return f"{projection.name} is being built beside the one that is read."


def _put_in_place(projection: Projection, actor: Any) -> str:
    commands.put_in_place(projection, actor=actor, now=timezone.now())
    return f"{projection.name} is in place. What was read before is kept for a day."


def _take_back(projection: Projection, actor: Any) -> str:
    commands.roll_back(projection, actor=actor, now=timezone.now())
    return f"What {projection.name} was before is read again."


def _discard(projection: Projection, actor: Any) -> str:
    commands.discard(projection, actor=actor, now=timezone.now())
    return f"What was built of {projection.name} is thrown away."


_DEEDS: dict[str, Callable[[Projection, Any], str]] = {
    "build": _build,
    "placement": _put_in_place,
    "rollback": _take_back,
    "discarding": _discard,
}


def _shown(projection: Projection) -> dict[str, Any]:
    newest = queries.newest_rebuild(projection)
    return {
        "projection": projection,
        "newest": newest,
        "differing": queries.totals(newest.differences) if newest else 0,
        "can_build": newest is None or newest.state not in (Rebuild.State.BUILDING, Rebuild.State.READY),
    }
