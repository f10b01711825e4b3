"""Replaying many deliveries, as a job."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone

from apps.core.events import unit_of_work
from apps.core.jobs import BULK, Progress, job
from apps.core.webhooks import queries, requeueing
from apps.core.webhooks.models import WebhookDelivery

_BATCH = 500


@job(name=queries.REPLAY, title="Replay to a webhook", queue=BULK, link="/webhooks/{endpoint_id}/")
def replay(progress: Progress, *, endpoint_id: str, since: str, until: str, which: str) -> dict[str, int]:
    """Queue the deliveries of a span of time once more, batch by batch. What was queued is not queued again."""
    found = queries.to_replay(
        UUID(endpoint_id), since=datetime.fromisoformat(since), until=datetime.fromisoformat(until), which=which
    )
    kept: dict[str, Any] = progress.checkpoint or {"total": found.count(), "done": 0, "reached": None}
    progress.tell(kept["done"], kept["total"], "deliveries")
    while (kept := _queued(progress, found, kept))["reached"]:
        progress.tell(kept["done"], kept["total"], "deliveries")
    return {"replayed": kept["done"]}


def _queued(progress: Progress, found: Any, kept: dict[str, Any]) -> dict[str, Any]:
    """Queue the next batch; `reached` is None once there is none."""
    with unit_of_work(WebhookDelivery):
        rows = found.filter(id__gt=kept["reached"]) if kept["reached"] else found
        batch = list(rows.order_by("id").select_for_update()[:_BATCH])
        requeueing.requeue(batch, now=timezone.now())
        reached = str(batch[-1].id) if batch else None
        noted = {**kept, "done": kept["done"] + len(batch), "reached": reached}
        if batch:
            progress.keep(noted)
    return noted
