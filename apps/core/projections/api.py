"""REST: read models, and building them again, for the platform's staff (ADR 19)."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers

from apps.core.api.rendering import Answer
from apps.core.api.views import ApiView, page_of
from apps.core.projections import commands, queries
from apps.core.projections.definition import Projection
from apps.core.projections.models import Rebuild
from apps.core.projections.permissions import ProjectionPermission
from apps.core.projections.tasks import build_later

_NEEDS = {
    "GET": ProjectionPermission.VIEW,
    "POST": ProjectionPermission.REBUILD,
    "DELETE": ProjectionPermission.REBUILD,
}


class DifferenceOutput(serializers.Serializer[Any]):
    missing = serializers.IntegerField(help_text="Rows that are missing from what is read now.")
    superfluous = serializers.IntegerField(help_text="Rows that are read now and should not be there.")
    changed = serializers.IntegerField()
    samples = serializers.ListField(child=serializers.DictField())


class RebuildOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    projection = serializers.CharField()
    state = serializers.ChoiceField(choices=Rebuild.State.choices)
    progress = serializers.IntegerField(help_text="Per cent of the log.")
    events_done = serializers.IntegerField()
    differences = serializers.DictField(
        child=DifferenceOutput(), allow_null=True, help_text="Between the shadow and what is read, by table."
    )
    failure = serializers.CharField(help_text="Which event could not be replayed, and why.")
    started_at = serializers.DateTimeField()
    started_by_name = serializers.CharField()
    ready_at = serializers.DateTimeField(allow_null=True)
    placed_at = serializers.DateTimeField(allow_null=True)
    placed_by_name = serializers.CharField()
    ended_at = serializers.DateTimeField(allow_null=True)
    ended_by_name = serializers.CharField()


class ProjectionOutput(serializers.Serializer[Any]):
    name = serializers.CharField()
    group = serializers.CharField(source="group_name", help_text="The consumer group that keeps it up to date.")
    tables = serializers.ListField(child=serializers.CharField(), source="table_names")
    rebuild = serializers.SerializerMethodField(help_text="The newest one; null where there was none.")

    @extend_schema(responses=RebuildOutput)
    def get_rebuild(self, projection: Projection) -> Any:
        newest = queries.newest_rebuild(projection)
        return RebuildOutput(newest).data if newest else None


class Projections(ApiView):
    """GET /api/v1/services/{service}/projections: the read models that the service keeps."""

    required_permission = ProjectionPermission.VIEW
    paged = False

    @extend_schema(responses=ProjectionOutput(many=True))
    def get(self, request: Any, service: str) -> Answer:
        return Answer(ProjectionOutput(queries.projections_of(service), many=True).data)


class Rebuilds(ApiView):
    """GET, POST /api/v1/services/{service}/projections/{name}/rebuilds: how it was built again; build it again."""

    required_permission = _NEEDS

    @extend_schema(responses=RebuildOutput(many=True))
    def get(self, request: Any, service: str, name: str) -> Answer:
        """Newest first."""
        return page_of(request, queries.rebuilds(queries.projection_named(name, service=service)), RebuildOutput)

    @extend_schema(request=None, responses={202: RebuildOutput})
    def post(self, request: Any, service: str, name: str) -> Answer:
        """A worker builds it beside the one that is read. One that failed goes on where it stopped."""
        made = build_later(queries.projection_named(name, service=service), actor=request.actor)
        return Answer(RebuildOutput(made).data, status=202)


class Shadow(ApiView):
    """DELETE /api/v1/services/{service}/projections/{name}/shadow: throw away what was built."""

    required_permission = _NEEDS

    @extend_schema(responses=RebuildOutput)
    def delete(self, request: Any, service: str, name: str) -> Answer:
        projection = queries.projection_named(name, service=service)
        return Answer(RebuildOutput(commands.discard(projection, actor=request.actor, now=timezone.now())).data)


class Placement(ApiView):
    """POST, DELETE /api/v1/services/{service}/projections/{name}/placement: put what was built in place; take it back.

    What was read before can be taken back for a day.
    """

    required_permission = _NEEDS

    @extend_schema(request=None, responses=RebuildOutput)
    def post(self, request: Any, service: str, name: str) -> Answer:
        projection = queries.projection_named(name, service=service)
        return Answer(RebuildOutput(commands.put_in_place(projection, actor=request.actor, now=timezone.now())).data)

    @extend_schema(responses=RebuildOutput)
    def delete(self, request: Any, service: str, name: str) -> Answer:
        """Let what was read before be read again, with all that has happened since."""
        projection = queries.projection_named(name, service=service)
        return Answer(RebuildOutput(commands.roll_back(projection, actor=request.actor, now=timezone.now())).data)
