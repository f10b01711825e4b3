"""The console's catalogue of events."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.core.api.pages import page
from apps.core.events import reference
from apps.core.operations.permissions import EventPermission


@page(EventPermission.VIEW)
def event_list(request: HttpRequest) -> HttpResponse:
    """GET /events/: which events there are; `?q=` narrows by name, topic or consumer."""
    wanted = request.GET.get("q", "").strip().lower()
    found = [one for one in reference.event_types() if _fits(one, wanted)]
    return render(request, "events/list.html", {"event_types": found})


@page(EventPermission.VIEW)
def event_detail(request: HttpRequest, name: str) -> HttpResponse:
    """GET /events/<name>/: what one event says, to whom, with an example."""
    found = reference.event_type(name)
    return render(request, "events/detail.html", {"event_type": found, "example": _pretty(found.example)})


def _fits(one: reference.EventType, wanted: str) -> bool:
    return any(wanted in text.lower() for text in (one.name, one.topic, *one.consumers))


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) if value is not None else ""
