"""The console's dependencies, for the platform's staff: how they do, and a way to overrule the breakers."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from apps.core.api.pages import page
from apps.core.operations import forcing, standings
from apps.core.operations.forms import OverrideForm
from apps.core.operations.permissions import DependencyPermission

_STORY_SHOWN = 20
_DONE = {
    forcing.State.OPEN: "{} is no longer asked, until somebody says otherwise.",
    forcing.State.CLOSED: "{} is asked, whatever comes of it, until somebody says otherwise.",
    forcing.State.AUTOMATIC: "{} is asked as long as it answers well.",
}


@page(DependencyPermission.VIEW)
def dependency_list(request: Any) -> HttpResponse:
    """GET /dependencies/."""
    return render(request, "dependencies/list.html", {"dependencies": standings.overviews()})


@page(DependencyPermission.VIEW)
def dependency_detail(request: Any, name: str) -> HttpResponse:
    """GET /dependencies/<name>/."""
    context = {"dependency": standings.overview(name), "story": forcing.story(name)[:_STORY_SHOWN]}
    return render(request, "dependencies/detail.html", context)


@page(post=DependencyPermission.MANAGE)
def dependency_override(request: Any, name: str) -> HttpResponse:
    """POST /dependencies/<name>/override."""
    found, form = standings.found(name), OverrideForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Give a reason.")
    elif forcing.force(found, actor=request.actor, now=timezone.now(), **form.cleaned_data):
        messages.success(request, _DONE[form.cleaned_data["state"]].format(found.name))
    else:
        messages.info(request, f"That is so already for {found.name}.")
    return redirect(f"/dependencies/{name}/")
