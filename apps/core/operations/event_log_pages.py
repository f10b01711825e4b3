"""The console's event log: what happened in a span of time."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from apps.core.api.pages import page
from apps.core.api.service_paths import database_of, services_with_a_database
from apps.core.api.views import validated
from apps.core.errors import Invalid
from apps.core.events import Envelope, reference, tail
from apps.core.operations import event_log
from apps.core.operations.event_ids import id_of
from apps.core.operations.permissions import EventPermission


@page(EventPermission.READ)
def event_log_list(request: Any, service: str) -> HttpResponse:
    """GET /services/<service>/events/: of yesterday and today, or of the days that `since` and `until` name."""
    today = timezone.now().date()
    days = {"since": f"{today - timedelta(days=1)}", "until": f"{today}"}
    wish = days | {name: value for name, value in request.GET.items() if value}
    here, kinds = f"/services/{service}/events/", [one for one in reference.event_types() if one.service == service]
    context = {
        "wish": wish,
        "service": service,
        "services": services_with_a_database(),
        "here": here,
        "topics": sorted({one.topic for one in kinds}),
        "event_types": [one.name for one in kinds],
        "live_from": id_of(tail.end(using=database_of(service)), service=service),
        **_found(wish, service),
    }
    return render(request, "event_log/list.html", context)


def _found(wish: dict[str, str], service: str) -> dict[str, Any]:
    try:
        found = event_log.page_of_events(validated(event_log.EventQuery, wish), using=database_of(service))
    except Invalid as error:
        return {"filter_errors": [f"{name}: {' '.join(texts)}" for name, texts in error.errors.items()]}
    return {"events": list(_shown(found.rows)), "page": found.as_context()}


def _shown(rows: Sequence[Envelope]) -> Iterator[dict[str, Any]]:
    for envelope in rows:
        payload = json.dumps(event_log.payload_of(envelope), indent=2, ensure_ascii=False)
        yield {"envelope": envelope, "topic": event_log.topic_of(envelope), "payload": payload}
