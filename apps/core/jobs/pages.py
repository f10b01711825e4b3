"""The console's jobs: what runs, what waits, what died, and one with all that is known of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from apps.core.api.pages import AUTHENTICATED, page, page_of_rows
from apps.core.api.service_paths import database_of, services_with_a_database
from apps.core.db.router import alias_of_app
from apps.core.errors import DomainError
from apps.core.jobs import commands, places, queries
from apps.core.jobs.api import changeable
from apps.core.jobs.definition import definitions, title_of
from apps.core.jobs.filters import JobFilter
from apps.core.jobs.models import Job
from apps.core.jobs.permissions import JobPermission


@page(AUTHENTICATED)
def job_list(request: Any, service: str) -> HttpResponse:
    """GET /services/<service>/jobs/: the newest first, with live progress."""
    rows, cursors, errors = page_of_rows(
        request, queries.jobs(request.principal, database_of(service)), filterset=JobFilter
    )
    context = {
        **_frame(service),
        "jobs": [_named(found) for found in rows],
        "is_any_open": any(found.is_open for found in rows),
        "page": cursors,
        "filter_errors": errors,
        "states": Job.State.choices,
        "works": [
            (work.name, work.title) for work in definitions() if alias_of_app(work.feature) == database_of(service)
        ],
    }
    return render(request, "jobs/list.html", context)


@page(AUTHENTICATED)
def job_detail(request: Any, service: str, job_id: UUID) -> HttpResponse:
    """GET /services/<service>/jobs/<id>/: how far it is, what came of it, what happened to it."""
    found = queries.job(job_id, queries.jobs(request.principal, database_of(service)))
    context = {
        **_frame(service),
        "job": _named(found),
        "link": places.link_of(found),
        "result": "" if found.result is None else json.dumps(found.result, indent=2, ensure_ascii=False),
        "steps": queries.steps(found),
        "may_change": queries.may_change(request.principal, found),
        "may_read_traceback": request.principal.may(JobPermission.MANAGE),
    }
    return render(request, "jobs/detail.html", context)


@page(AUTHENTICATED)
def jobs_dead(request: Any, service: str) -> HttpResponse:
    """GET /services/<service>/jobs/dead: the badge of the navigation, for all services of this process."""
    count = sum(queries.dead_count(request.principal, database_of(one)) for one in services_with_a_database())
    return render(request, "jobs/_badge.html", {"count": count})


@page(post=AUTHENTICATED)
def job_cancellation(request: Any, service: str, job_id: UUID) -> HttpResponse:
    """POST /services/<service>/jobs/<id>/cancellation."""

    def cancel(alias: str) -> str:
        done = commands.cancel_job(job_id=job_id, using=alias, actor=request.actor, now=timezone.now())
        return "It stops where it next can." if done.is_open else "The job is cancelled."

    return _done(request, service, job_id, cancel)


@page(post=AUTHENTICATED)
def job_retrial(request: Any, service: str, job_id: UUID) -> HttpResponse:
    """POST /services/<service>/jobs/<id>/retrial."""

    def retry(alias: str) -> str:
        commands.retry_job(job_id=job_id, using=alias, actor=request.actor, now=timezone.now())
        return "The job begins again."

    return _done(request, service, job_id, retry)


def _done(request: Any, service: str, job_id: UUID, deed: Callable[[str], str]) -> HttpResponse:
    """Do it, say what came of it, and show the job."""
    found = changeable(request, service, job_id)
    try:
        messages.success(request, deed(database_of(service)))
    except DomainError as error:
        messages.error(request, str(error))
    return redirect(places.page_of_job(found))


def _named(found: Job) -> Job:
    found.title = title_of(found.name)  # type: ignore[attr-defined]
    return found


def _frame(service: str) -> dict[str, Any]:
    return {"service": service, "services": services_with_a_database(), "here": f"/services/{service}/jobs/"}
