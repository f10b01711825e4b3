"""Where a job, and what came of it, can be seen."""

from __future__ import annotations

from apps.core.api.service_paths import service_at
from apps.core.jobs.definition import definition_named
from apps.core.jobs.models import Job


def service_of(job: Job) -> str:
    """The service in whose database it lies."""
    return service_at(str(job._state.db))


def page_of_job(job: Job) -> str:
    """Its page in the console."""
    return f"/services/{service_of(job)}/jobs/{job.id}/"


def resource_of_job(job: Job) -> str:
    """Its place in the API."""
    return f"/api/v1/services/{service_of(job)}/jobs/{job.id}"


def link_of(job: Job) -> str:
    """The page where its result is seen; empty where there is none, or none yet."""
    work = definition_named(job.name)
    if work is None or not work.link or job.state != Job.State.SUCCEEDED:
        return ""
    return work.link.format(**{**job.parameters, "job_id": job.id})
