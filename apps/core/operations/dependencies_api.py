"""REST: what the platform calls and how that does, for the platform's staff."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers

from apps.core.api.views import Answer, ApiView, validated
from apps.core.operations import forcing, standings
from apps.core.operations.permissions import DependencyPermission


class DependencyChangeOutput(serializers.Serializer):
    state = serializers.ChoiceField(choices=forcing.State.choices)
    at = serializers.DateTimeField()
    by = serializers.UUIDField(allow_null=True)
    by_name = serializers.CharField()
    because = serializers.CharField()


class DependencyOutput(serializers.Serializer):
    name = serializers.CharField()
    title = serializers.CharField()
    state = serializers.ChoiceField(
        choices=[(state, state) for state in standings.STATES],
        help_text="The worst that a process tells; unused: none of those that run has called it.",
    )
    calls = serializers.FloatField(help_text="Of about the last minute, the newer the more.")
    error_share = serializers.FloatField(help_text="Of those, from 0 to 1.")
    slow_share = serializers.FloatField()
    p95_s = serializers.FloatField(help_text="What 95 of 100 good calls take at most, in seconds; 0: not known.")
    under_way = serializers.IntegerField(help_text="Calls at this moment.")
    opened_at = serializers.DateTimeField(allow_null=True, help_text="When a circuit last opened.")
    reason = serializers.CharField(help_text="Why it did.")
    failing = serializers.ListField(
        child=serializers.CharField(), help_text="Addresses whose circuit is not closed in some process."
    )
    change = DependencyChangeOutput(allow_null=True, help_text="What an operator said last.")


class SeenOutput(serializers.Serializer):
    process = serializers.CharField()
    state = serializers.CharField()
    forced = serializers.BooleanField()
    under_way = serializers.IntegerField()


class DependencyDetailOutput(DependencyOutput):
    processes = serializers.SerializerMethodField(help_text="How each process sees it.")
    story = serializers.SerializerMethodField(help_text="The latest words of operators, the newest first.")

    @extend_schema_field(SeenOutput(many=True))
    def get_processes(self, one: standings.Overview) -> Any:
        seen = [
            {"process": process, "state": it.state, "forced": it.forced, "under_way": it.under_way}
            for process, it in one.seen
        ]
        return SeenOutput(seen, many=True).data

    @extend_schema_field(DependencyChangeOutput(many=True))
    def get_story(self, one: standings.Overview) -> Any:
        return DependencyChangeOutput(forcing.story(one.name)[:20], many=True).data


class OverrideInput(serializers.Serializer):
    state = serializers.ChoiceField(
        choices=forcing.State.choices,
        help_text="open: it is not asked; closed: it is, whatever comes of it; automatic: as the breakers find right.",
    )
    because = serializers.CharField(max_length=forcing.BECAUSE_LIMIT)


class Dependencies(ApiView):
    """GET /api/v1/dependencies: everything that the platform calls and that may fail, and how it does."""

    required_permission = DependencyPermission.VIEW
    paged = False

    @extend_schema(responses=DependencyOutput(many=True))
    def get(self, request: Any) -> Answer:
        return Answer(DependencyOutput(standings.overviews(), many=True).data)


class DependencyDetail(ApiView):
    """GET /api/v1/dependencies/{name}: one, as each process sees it, and what operators said of it."""

    required_permission = DependencyPermission.VIEW

    @extend_schema(responses=DependencyDetailOutput)
    def get(self, request: Any, name: str) -> Answer:
        return Answer(DependencyDetailOutput(standings.overview(name)).data)


class DependencyOverride(ApiView):
    """POST /api/v1/dependencies/{name}/override: have its circuits open, closed or automatic, in every process."""

    required_permission = DependencyPermission.MANAGE

    @extend_schema(request=OverrideInput, responses=DependencyDetailOutput)
    def post(self, request: Any, name: str) -> Answer:
        wish = validated(OverrideInput, request.data)
        forcing.force(standings.found(name), actor=request.actor, now=timezone.now(), **wish)
        return Answer(DependencyDetailOutput(standings.overview(name)).data)
