"""REST: the sagas of each service, and what people do to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers

from apps.core.api.rendering import Answer
from apps.core.api.service_paths import database_of
from apps.core.api.views import ApiView, page_of, validated
from apps.core.sagas import deciding, queries, repairing, story
from apps.core.sagas.filters import SagaFilter
from apps.core.sagas.models import Entry, Instance
from apps.core.sagas.permissions import SagaPermission


class SagaOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    key = serializers.UUIDField(help_text="What it is about.")
    state = serializers.ChoiceField(choices=Instance.State.choices)
    step = serializers.SerializerMethodField(help_text="The step that it has come to; empty when it is over.")
    backwards = serializers.BooleanField(help_text="Whether it is being undone.")
    attempts = serializers.IntegerField(help_text="At this step.")
    failure_code = serializers.CharField(help_text="Why it turned back, or needs attention; empty when it does not.")
    failure = serializers.CharField()
    due_at = serializers.DateTimeField(allow_null=True, help_text="When a runner takes it next, or a wait runs out.")
    deadline_at = serializers.DateTimeField(allow_null=True)
    started_at = serializers.DateTimeField()
    started_by_name = serializers.CharField()
    updated_at = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)

    @extend_schema(responses=serializers.CharField())
    def get_step(self, row: Instance) -> str:
        return story.present_step(row)


class SagaStepOutput(serializers.Serializer[Any]):
    name = serializers.CharField()
    state = serializers.CharField(
        help_text="pending, running, waiting, done, failed, turned_back, undoing, undone, not_reached, …"
    )
    attempts = serializers.IntegerField()
    detail = serializers.CharField(help_text="The last error, or who decided what.")
    at = serializers.DateTimeField(allow_null=True)
    seconds = serializers.FloatField(allow_null=True)
    undoable = serializers.BooleanField(help_text="Whether it is done, and leaves anything to undo.")


class SagaEntryOutput(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=Entry.Kind.choices)
    step = serializers.CharField(help_text="Empty for the saga as a whole.")
    attempt = serializers.IntegerField()
    detail = serializers.CharField()
    added = serializers.DictField(help_text="What the step added to the context.")
    seconds = serializers.FloatField(allow_null=True)
    actor_id = serializers.UUIDField(allow_null=True)
    actor_name = serializers.CharField()
    at = serializers.DateTimeField()


class SagaDetailOutput(SagaOutput):
    definition_version = serializers.IntegerField()
    correlation_id = serializers.CharField(help_text="The trace that all of it belongs to.")
    known = serializers.DictField(source="context", help_text="What it began with, and what steps added.")
    next = serializers.SerializerMethodField(help_text="What happens next, in words.")
    steps = serializers.SerializerMethodField()
    entries = serializers.SerializerMethodField(help_text="What happened to it, oldest first.")

    @extend_schema(responses=serializers.CharField())
    def get_next(self, row: Instance) -> str:
        return story.what_next(row)

    @extend_schema(responses=SagaStepOutput(many=True))
    def get_steps(self, row: Instance) -> Any:
        return SagaStepOutput(story.steps_of(row, queries.entries_of(row)), many=True).data

    @extend_schema(responses=SagaEntryOutput(many=True))
    def get_entries(self, row: Instance) -> Any:
        return SagaEntryOutput(queries.entries_of(row), many=True).data


class SagaRetrialInput(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")


class SagaRepairInput(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=500, help_text="Kept in the journal.")


class SagaDecisionInput(serializers.Serializer[Any]):
    approved = serializers.BooleanField(help_text="false: everything is undone.")
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")


class Sagas(ApiView):
    """GET /api/v1/services/{service}/sagas: what runs in several steps, newest first."""

    required_permission = SagaPermission.VIEW
    filterset_class = SagaFilter

    @extend_schema(responses=SagaOutput(many=True))
    def get(self, request: Any, service: str) -> Answer:
        return page_of(request, queries.instances(database_of(service)), SagaOutput)


class SagaDetail(ApiView):
    """GET /api/v1/services/{service}/sagas/{saga_id}: one saga with its steps and its journal."""

    required_permission = SagaPermission.VIEW

    @extend_schema(responses=SagaDetailOutput)
    def get(self, request: Any, service: str, saga_id: UUID) -> Answer:
        return _answer(queries.instance(saga_id, using=database_of(service)))


class SagaRetrial(ApiView):
    """POST /api/v1/services/{service}/sagas/{saga_id}/retrial: let one that needs attention try again."""

    required_permission = SagaPermission.MANAGE

    @extend_schema(request=SagaRetrialInput, responses=SagaDetailOutput)
    def post(self, request: Any, service: str, saga_id: UUID) -> Answer:
        return _repaired(repairing.retry, SagaRetrialInput, request, service, saga_id)


class SagaSkipping(ApiView):
    """POST /api/v1/services/{service}/sagas/{saga_id}/skipping: go on as if what failed had been done."""

    required_permission = SagaPermission.MANAGE

    @extend_schema(request=SagaRepairInput, responses=SagaDetailOutput)
    def post(self, request: Any, service: str, saga_id: UUID) -> Answer:
        return _repaired(repairing.skip, SagaRepairInput, request, service, saga_id)


class SagaResolution(ApiView):
    """POST /api/v1/services/{service}/sagas/{saga_id}/resolution: close one whose rest was settled by hand."""

    required_permission = SagaPermission.MANAGE

    @extend_schema(request=SagaRepairInput, responses=SagaDetailOutput)
    def post(self, request: Any, service: str, saga_id: UUID) -> Answer:
        return _repaired(repairing.resolve, SagaRepairInput, request, service, saga_id)


class SagaCancellation(ApiView):
    """POST /api/v1/services/{service}/sagas/{saga_id}/cancellation: undo what one has done so far."""

    required_permission = SagaPermission.MANAGE

    @extend_schema(request=SagaRepairInput, responses=SagaDetailOutput)
    def post(self, request: Any, service: str, saga_id: UUID) -> Answer:
        return _repaired(repairing.cancel, SagaRepairInput, request, service, saga_id)


class SagaDecision(ApiView):
    """POST /api/v1/services/{service}/sagas/{saga_id}/decision: approve or deny what one waits for.

    It takes the permission that the waiting step names, too.
    """

    required_permission = SagaPermission.MANAGE

    @extend_schema(request=SagaDecisionInput, responses=SagaDetailOutput)
    def post(self, request: Any, service: str, saga_id: UUID) -> Answer:
        wish = validated(SagaDecisionInput, request.data)
        row = deciding.decide_as(
            request.principal,
            saga_id,
            using=database_of(service),
            **wish,
            actor=request.actor,
            now=timezone.now(),
        )
        return _answer(row)


def _repaired(
    command: Callable[..., Instance], body: type[serializers.Serializer[Any]], request: Any, service: str, saga_id: UUID
) -> Answer:
    wish = validated(body, request.data)
    return _answer(command(saga_id, using=database_of(service), **wish, actor=request.actor, now=timezone.now()))


def _answer(row: Instance) -> Answer:
    return Answer(SagaDetailOutput(row).data)
