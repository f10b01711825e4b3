"""REST: what happens, as it happens. Who may listen, to what, and from where on; `event_stream` sends it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ParseError

from apps.core.api.service_paths import database_of
from apps.core.api.views import ApiView, validated
from apps.core.events import tail
from apps.core.events.tail import LogPlace
from apps.core.operations import event_log
from apps.core.operations.event_ids import UnknownId, place_of
from apps.core.operations.event_stream import Reading, streams
from apps.core.operations.permissions import EventPermission

_EXAMPLE = """\
id: 3vV9…
event: OrderPlaced
data: {"id":"0193…","event_type":"OrderPlaced","aggregate_id":"0193…","sequence":1,"payload":{"orderId":"0193…"}}
"""
_LAST_EVENT_ID = OpenApiParameter(
    "Last-Event-ID",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="The `id` of the last event that you have: the stream goes on behind it. Counts before `after`, and "
    "browsers send it by themselves when they come again.",
)


class UnknownEventId(ParseError):
    default_code = "unknown_event_id"
    default_detail = (
        "the id to go on from is none that this stream told your company: send one as it was told, or none to begin "
        "with what comes from now on"
    )


class StreamQuery(event_log.WantedQuery):
    after = serializers.CharField(
        required=False, max_length=200, help_text="As `Last-Event-ID`, for those who cannot send a header."
    )
    since = event_log.MomentInput(
        required=False,
        help_text="Without an id: begin with what was recorded from this day (UTC) or moment on. An event or two from "
        "just before may come along. Left out: what comes from now on.",
    )


class EventStreamView(ApiView):
    """GET /api/v1/services/{service}/events/stream: what happens, as it happens (server-sent events).

    Each event has its kind as `event`, what `GET …/events` tells of it as `data`, and its place as `id`. A block with
    an `id` alone says how far the stream has come. It ends when your credential does, when you lose the permission, and
    when the process stops: connect again with the last `id`, and nothing is lost or comes twice.
    """

    required_permission = EventPermission.READ
    http_method_names = ("get",)
    paged = False
    expires = True

    def perform_content_negotiation(self, request: Any, force: bool = False) -> Any:
        """There is one format."""
        return super().perform_content_negotiation(request, force=True)

    @extend_schema(
        parameters=[StreamQuery, _LAST_EVENT_ID],
        responses={(200, "text/event-stream"): OpenApiTypes.STR},
        examples=[OpenApiExample("one event", _EXAMPLE)],
    )
    def get(self, request: Any, service: str) -> HttpResponse:
        wish = validated(StreamQuery, request.GET)
        streams.require_room(request.principal)
        request._request.reading = Reading(
            service=service,
            using=database_of(service),
            tenant_id=request.principal.tenant_id,
            wanted=event_log.wanted(wish),
            place=_place(request.headers.get("Last-Event-ID") or wish.get("after"), wish, service),
        )
        return HttpResponse(content_type="text/event-stream")


def _place(after: str | None, wish: Mapping[str, Any], service: str) -> LogPlace:
    """Where the stream begins. Raises UnknownEventId, PlaceGone."""
    using = database_of(service)
    if not after:
        return tail.before(wish["since"], using=using) if wish.get("since") else tail.end(using=using)
    try:
        place = place_of(after, service=service)
    except UnknownId as error:
        raise UnknownEventId from error
    tail.require_kept(place, using=using)
    return place
