"""REST: what happened in a span of time, whether it lies in the log or in its archive."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers

from apps.core.api.service_paths import database_of
from apps.core.api.views import Answer, ApiView, validated
from apps.core.events import Envelope
from apps.core.operations import event_log
from apps.core.operations.permissions import EventPermission


class EventOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField(source="event_id")
    event_type = serializers.CharField()
    version = serializers.IntegerField(help_text="Of the event's schema, in which it was published.")
    topic = serializers.SerializerMethodField(help_text="Empty for an event that nothing declares any more.")
    aggregate_type = serializers.CharField()
    aggregate_id = serializers.UUIDField()
    sequence = serializers.IntegerField(source="metadata.sequence", help_text="Its place in the aggregate's stream.")
    recorded_at = serializers.DateTimeField(source="timestamp")
    user_id = serializers.UUIDField(source="metadata.user_id", allow_null=True, help_text="null: the platform itself.")
    causation_id = serializers.UUIDField(source="metadata.causation_id")
    correlation_id = serializers.CharField(source="metadata.correlation_id", help_text="The trace it belongs to.")
    payload = serializers.SerializerMethodField(
        help_text="As its schema says (`/api/v1/event-types/{name}/{version}/schema`), personal values in plain; of "
        "people who were erased they read `[erased]`."
    )

    def get_topic(self, envelope: Envelope) -> str:
        return event_log.topic_of(envelope)

    def get_payload(self, envelope: Envelope) -> dict[str, Any]:
        return event_log.payload_of(envelope)


class Events(ApiView):
    """GET /api/v1/services/{service}/events: what was recorded in a span of time, oldest first, archived or not."""

    required_permission = EventPermission.READ

    @extend_schema(parameters=[event_log.EventQuery], responses=EventOutput(many=True))
    def get(self, request: Any, service: str) -> Answer:
        wish = validated(event_log.EventQuery, request.GET)
        found = event_log.page_of_events(wish, using=database_of(service))
        return Answer(EventOutput(found.rows, many=True).data, meta=found.meta(request))
