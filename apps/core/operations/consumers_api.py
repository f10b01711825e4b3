"""REST: the consumer groups of a service, for the platform's staff."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers

from apps.core.api.views import Answer, ApiView, validated
from apps.core.events import fleet, standing
from apps.core.operations.permissions import ConsumerPermission


class LagOutput(serializers.Serializer):
    source = serializers.CharField(help_text="The database whose log it reads, or Kafka's topic.")  # type: ignore[assignment]
    behind = serializers.IntegerField(allow_null=True, help_text="Places it has yet to pass; null: not known now.")
    oldest_at = serializers.DateTimeField(allow_null=True, help_text="When the first of them was recorded.")


class StateChangeOutput(serializers.Serializer):
    state = serializers.CharField()
    at = serializers.DateTimeField()
    by = serializers.UUIDField(allow_null=True)
    by_name = serializers.CharField()
    because = serializers.CharField()


class ConsumerOutput(serializers.Serializer):
    name = serializers.CharField()
    state = serializers.ChoiceField(
        choices=[(state, state) for state in fleet.STATES], help_text="unread: it may read, and nobody does."
    )
    change = StateChangeOutput(allow_null=True, help_text="What made it paused, suspended or running again.")
    event_types = serializers.SerializerMethodField()
    lags = LagOutput(many=True)
    seen_at = serializers.DateTimeField(allow_null=True, help_text="When one of its readers was last heard of.")
    handled = serializers.IntegerField(help_text="Events that had their effect, ever.")
    failed = serializers.IntegerField(help_text="Attempts that failed, ever.")
    parked = serializers.IntegerField(help_text="Events that became dead letters, ever.")
    open_dead_letters = serializers.IntegerField(source="open_letters", help_text="Of all companies.")

    def get_event_types(self, one: fleet.Standing) -> list[str]:
        return sorted(one.group.subscriptions)


class ConsumerDetailOutput(ConsumerOutput):
    story = serializers.SerializerMethodField(help_text="The latest changes of its state, the newest first.")

    @extend_schema_field(StateChangeOutput(many=True))
    def get_story(self, one: fleet.Standing) -> Any:
        return StateChangeOutput(standing.story(one.group)[:20], many=True).data


class PauseInput(serializers.Serializer):
    because = serializers.CharField(max_length=standing.BECAUSE_LIMIT)


class ResumptionInput(serializers.Serializer):
    because = serializers.CharField(max_length=standing.BECAUSE_LIMIT, required=False, allow_blank=True, default="")


class Consumers(ApiView):
    """GET /api/v1/services/{service}/consumers: every group of the service, with its lag and its state."""

    required_permission = ConsumerPermission.VIEW
    paged = False

    @extend_schema(responses=ConsumerOutput(many=True))
    def get(self, request: Any, service: str) -> Answer:
        return Answer(ConsumerOutput(fleet.standings(fleet.groups_of(service)), many=True).data)


class ConsumerDetail(ApiView):
    """GET /api/v1/services/{service}/consumers/{group}: one group, and how its state came about."""

    required_permission = ConsumerPermission.VIEW

    @extend_schema(responses=ConsumerDetailOutput)
    def get(self, request: Any, service: str, group: str) -> Answer:
        return _detail(service, group)


class ConsumerPause(ApiView):
    """POST …/consumers/{group}/pause: have the group read nothing, in every process, until it is resumed.

    What it has in hand is finished first. Events wait in the log.
    """

    required_permission = ConsumerPermission.MANAGE

    @extend_schema(request=PauseInput, responses=ConsumerDetailOutput)
    def post(self, request: Any, service: str, group: str) -> Answer:
        wish = validated(PauseInput, request.data)
        standing.pause(fleet.group_of_service(group, service), actor=request.actor, now=timezone.now(), **wish)
        return _detail(service, group)


class ConsumerResumption(ApiView):
    """POST …/consumers/{group}/resumption: let a paused or suspended group read on where it stopped."""

    required_permission = ConsumerPermission.MANAGE

    @extend_schema(request=ResumptionInput, responses=ConsumerDetailOutput)
    def post(self, request: Any, service: str, group: str) -> Answer:
        wish = validated(ResumptionInput, request.data)
        standing.resume(fleet.group_of_service(group, service), actor=request.actor, now=timezone.now(), **wish)
        return _detail(service, group)


def _detail(service: str, group: str) -> Answer:
    return Answer(ConsumerDetailOutput(fleet.standing_of(fleet.group_of_service(group, service))).data)
