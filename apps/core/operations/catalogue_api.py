"""REST: which events there are, for programs that subscribe to them. It follows from code alone."""

from __future__ import annotations

from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse
from django.views import View
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers

from apps.core.api.views import PUBLIC, Answer, ApiView
from apps.core.events import reference
from apps.core.operations.permissions import EventPermission


class FieldOutput(serializers.Serializer[Any]):
    name = serializers.CharField()
    type = serializers.CharField(help_text="For people; programs read the schema.")
    required = serializers.BooleanField()  # type: ignore[assignment]  # an option of fields, too
    personal = serializers.BooleanField(help_text="Lies in the log, and travels on Kafka, encrypted.")
    meaning = serializers.CharField()


class EventTypeOutput(serializers.Serializer[Any]):
    name = serializers.CharField(help_text="`eventType` of the envelope.")
    version = serializers.IntegerField(help_text="The newest one, in which it is published.")
    versions = serializers.ListField(child=serializers.IntegerField(), help_text="All that a log may hold.")
    topic = serializers.CharField()
    service = serializers.CharField(help_text="Which one publishes it.")
    aggregate = serializers.CharField(help_text="What it happens to: `aggregateType` of the envelope.")
    description = serializers.CharField()
    consumers = serializers.ListField(child=serializers.CharField(), help_text="The groups that hear of it.")


class EventTypeDetailOutput(EventTypeOutput):
    payload = FieldOutput(many=True, source="fields", help_text="Its fields.")
    example = serializers.DictField(allow_null=True, help_text="An envelope as it travels.")


class EventTypes(ApiView):
    """GET /api/v1/event-types: every event that the platform publishes, by topic."""

    required_permission = EventPermission.VIEW
    paged = False

    @extend_schema(responses=EventTypeOutput(many=True))
    def get(self, request: Any) -> Answer:
        return Answer(EventTypeOutput(reference.event_types(), many=True).data)


class EventTypeDetail(ApiView):
    """GET /api/v1/event-types/{name}: one event with its fields and an example."""

    required_permission = EventPermission.VIEW

    @extend_schema(responses=EventTypeDetailOutput)
    def get(self, request: Any, name: str) -> Answer:
        return Answer(EventTypeDetailOutput(reference.event_type(name)).data)


class EventTypeSchema(ApiView):
    """GET /api/v1/event-types/{name}/{version}/schema: JSON Schema of a version's payload, as it is.

    Headers of messages name this address (`ce_dataschema`), so it needs no sign-in.
    """

    required_permission = PUBLIC
    authentication_classes = ()

    def perform_content_negotiation(self, request: Any, force: bool = False) -> Any:
        """There is one format, whatever the client likes better."""
        return super().perform_content_negotiation(request, force=True)

    @extend_schema(responses={(200, "application/schema+json"): OpenApiTypes.OBJECT})
    def get(self, request: Any, name: str, version: int) -> HttpResponse:
        schema = {"$id": request.build_absolute_uri(), **reference.contract(name, version).schema}
        return HttpResponse(msgspec.json.encode(schema), content_type="application/schema+json")


class AsyncApiView(View):
    """GET /api/asyncapi: the events as an AsyncAPI 3 document, as public as /api/schema."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(
            reference.asyncapi_document(), content_type="application/json", headers={"Cache-Control": "no-cache"}
        )
