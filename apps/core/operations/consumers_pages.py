"""The console's consumer groups, for the platform's staff: lag, state, and a way to halt and resume them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from apps.core.api.pages import page
from apps.core.api.service_paths import services_with_a_database
from apps.core.events import fleet, standing
from apps.core.operations.forms import ReasonForm
from apps.core.operations.permissions import ConsumerPermission

_STORY_SHOWN = 20


@page(ConsumerPermission.VIEW)
def consumer_list(request: Any, service: str) -> HttpResponse:
    """GET /services/<service>/consumers/: every group of the service."""
    context = {**_frame(service), "consumers": fleet.standings(fleet.groups_of(service))}
    return render(request, "consumers/list.html", context)


@page(ConsumerPermission.VIEW)
def consumer_detail(request: Any, service: str, group: str) -> HttpResponse:
    """GET /services/<service>/consumers/<group>/: one group, and how its state came about."""
    found = fleet.group_of_service(group, service)
    context = {
        **_frame(service),
        "consumer": fleet.standing_of(found),
        "event_types": sorted(found.subscriptions),
        "story": standing.story(found)[:_STORY_SHOWN],
    }
    return render(request, "consumers/detail.html", context)


@page(post=ConsumerPermission.MANAGE)
def consumer_pause(request: Any, service: str, group: str) -> HttpResponse:
    """POST /services/<service>/consumers/<group>/pause."""
    found, form = fleet.group_of_service(group, service), ReasonForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Give a reason for pausing.")
    else:
        standing.pause(found, actor=request.actor, now=timezone.now(), **form.cleaned_data)
        messages.success(
            request, f"{group} is paused. Events wait in the log.", extra_tags=f"undo:{_path(service, group)}resumption"
        )
    return redirect(_path(service, group))


@page(post=ConsumerPermission.MANAGE)
def consumer_resumption(request: Any, service: str, group: str) -> HttpResponse:
    """POST /services/<service>/consumers/<group>/resumption."""
    found = fleet.group_of_service(group, service)
    because = request.POST.get("because", "")
    if standing.resume(found, actor=request.actor, because=because, now=timezone.now()):
        messages.success(request, f"{group} reads on where it stopped.")
    else:
        messages.info(request, f"{group} was neither paused nor suspended.")
    return redirect(_path(service, group))


def _frame(service: str) -> dict[str, Any]:
    return {"service": service, "services": services_with_a_database(), "here": f"/services/{service}/consumers/"}


def _path(service: str, group: str) -> str:
    return f"/services/{service}/consumers/{group}/"
