"""A job as the API shows it, and the answer of whatever begins one."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.core.api.views import Answer, entity_response
from apps.core.jobs import places
from apps.core.jobs.definition import title_of
from apps.core.jobs.models import Job
from apps.core.jobs.permissions import JobPermission


class JobOutput(serializers.Serializer[Job]):
    id = serializers.UUIDField()
    service = serializers.SerializerMethodField()
    name = serializers.CharField(help_text="The kind of work.")
    title = serializers.SerializerMethodField(help_text="The same for people.")
    about = serializers.CharField(help_text="What in particular, such as a file.")
    queue = serializers.CharField()
    state = serializers.ChoiceField(choices=Job.State.choices)
    progress = serializers.IntegerField(allow_null=True, help_text="Per cent; null where that is not known.")
    stage = serializers.CharField(help_text="What is being done now.")
    done = serializers.IntegerField()
    total = serializers.IntegerField(help_text="0: not known.")
    attempts = serializers.IntegerField(help_text="Runs so far.")
    attempts_allowed = serializers.IntegerField()
    cancel_requested = serializers.SerializerMethodField(help_text="True while a running job is asked to stop.")
    requested_by = serializers.UUIDField(allow_null=True)
    requested_by_name = serializers.CharField()
    created_at = serializers.DateTimeField()
    run_at = serializers.DateTimeField(help_text="Not begun, or tried again, before.")
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    result = serializers.JSONField(allow_null=True, help_text="What the work came to; its shape is the work's own.")
    link = serializers.SerializerMethodField(help_text="The page where the result is seen; empty where there is none.")
    reason = serializers.CharField(help_text="Why the latest run failed; empty where none did.")
    traceback = serializers.SerializerMethodField(help_text="Null for callers without `jobs.manage`.")
    version = serializers.IntegerField()

    def get_service(self, job: Job) -> str:
        return places.service_of(job)

    def get_title(self, job: Job) -> str:
        return title_of(job.name)

    def get_cancel_requested(self, job: Job) -> bool:
        return job.is_open and job.cancel_requested_at is not None

    def get_link(self, job: Job) -> str:
        return places.link_of(job)

    def get_traceback(self, job: Job) -> str | None:
        return job.traceback if self.context["request"].principal.may(JobPermission.MANAGE) else None


def accepted(request: Any, job: Job) -> Answer:
    """202 with the job, whose place `Location` names: for operations that begin one."""
    return entity_response(request, job, JobOutput, status=202, location=places.resource_of_job(job))
