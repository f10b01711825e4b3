"""REST: the jobs of a service, calling one off, and beginning one again."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema

from apps.core.api.service_paths import database_of
from apps.core.api.views import AUTHENTICATED, Answer, ApiView, entity_response, page_of
from apps.core.jobs import commands, queries
from apps.core.jobs.filters import JobFilter
from apps.core.jobs.models import Job
from apps.core.jobs.outputs import JobOutput
from apps.core.jobs.permissions import JobPermission


class Jobs(ApiView):
    """GET /api/v1/services/{service}/jobs: what the caller asked for; with `jobs.view` every job of the company."""

    required_permission = AUTHENTICATED
    filterset_class = JobFilter

    @extend_schema(responses=JobOutput(many=True))
    def get(self, request: Any, service: str) -> Answer:
        return page_of(request, queries.jobs(request.principal, database_of(service)), JobOutput)


class JobDetail(ApiView):
    """GET /api/v1/services/{service}/jobs/{job_id}: how far one has come, and what came of it."""

    required_permission = AUTHENTICATED

    @extend_schema(responses=JobOutput)
    def get(self, request: Any, service: str, job_id: UUID) -> Answer:
        return entity_response(request, _seen(request, service, job_id), JobOutput)


class JobCancellation(ApiView):
    """POST /api/v1/services/{service}/jobs/{job_id}/cancellation: call one off, one's own or with `jobs.manage` any.

    A waiting job ends at once, a running one where it next can; what it has done by then stays. A dead one is given up.
    """

    required_permission = AUTHENTICATED

    @extend_schema(request=None, responses=JobOutput)
    def post(self, request: Any, service: str, job_id: UUID) -> Answer:
        found = changeable(request, service, job_id)
        done = commands.cancel_job(job_id=found.id, using=database_of(service), actor=request.actor, now=timezone.now())
        return entity_response(request, done, JobOutput)


class JobRetrial(ApiView):
    """POST /api/v1/services/{service}/jobs/{job_id}/retrial: begin one again that died or was cancelled."""

    required_permission = AUTHENTICATED

    @extend_schema(request=None, responses=JobOutput)
    def post(self, request: Any, service: str, job_id: UUID) -> Answer:
        found = changeable(request, service, job_id)
        done = commands.retry_job(job_id=found.id, using=database_of(service), actor=request.actor, now=timezone.now())
        return entity_response(request, done, JobOutput)


def changeable(request: Any, service: str, job_id: UUID) -> Job:
    """The job, if the caller may change it. Raises JobNotFound for one they may not see, MissingPermission else."""
    found = _seen(request, service, job_id)
    if not queries.may_change(request.principal, found):
        request.principal.require(JobPermission.MANAGE)
    return found


def _seen(request: Any, service: str, job_id: UUID) -> Job:
    return queries.job(job_id, queries.jobs(request.principal, database_of(service)))
