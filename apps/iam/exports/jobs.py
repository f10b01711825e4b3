"""Long work of exports."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils import timezone

from apps.core.jobs import BULK, JobCancelled, LeaseLost, Progress, job
from apps.iam.exports import commands


@job(name="exports.make", title="Make an export", queue=BULK, time_limit_s=3300, link="/exports/")
def make(progress: Progress, *, export_id: str) -> dict[str, Any]:
    """Write the file of an export. Safe to run again: it is written anew."""
    wanted = UUID(export_id)
    try:
        made = commands.make_export(export_id=wanted, now=timezone.now(), tell=progress.tell)
    except LeaseLost:
        raise
    except JobCancelled:
        commands.give_up(export_id=wanted, why="it was called off", now=timezone.now())
        raise
    except Exception as error:
        if progress.attempt >= make.attempts:
            commands.give_up(export_id=wanted, why=commands.told_of(error), now=timezone.now())
        raise
    return {"summary": f"{made.rows_done:,} rows", "export_id": export_id, "state": made.state}
