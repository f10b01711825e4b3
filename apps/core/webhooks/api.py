"""REST: webhooks, what was sent to them, and sending it once more."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.response import Response

from apps.core.api.views import SENSITIVE, Answer, ApiView, entity_response, expected_version, page_of, validated
from apps.core.idempotency import idempotent
from apps.core.webhooks import commands, queries
from apps.core.webhooks.bodies import shown_body
from apps.core.webhooks.event_types import event_types, patterns_of
from apps.core.webhooks.filters import DeliveryFilter, WebhookFilter
from apps.core.webhooks.models import (
    DESCRIPTION_LENGTH,
    MOST_EVENT_TYPES,
    NAME_LENGTH,
    URL_LENGTH,
    WebhookDelivery,
    WebhookEndpoint,
)
from apps.core.webhooks.permissions import WebhookPermission

_PATH = "/api/v1/webhooks"
_VIEW, _MANAGE = WebhookPermission.VIEW, WebhookPermission.MANAGE


class WebhookChanges(serializers.Serializer[Any]):
    url = serializers.CharField(max_length=URL_LENGTH, required=False, help_text="Where events go: https.")
    event_types = serializers.ListField(
        child=serializers.CharField(max_length=NAME_LENGTH),
        required=False,
        max_length=MOST_EVENT_TYPES,
        help_text="Names of events, or families: `business.orders.*`, `business.*`, `*`.",
    )
    description = serializers.CharField(max_length=DESCRIPTION_LENGTH, required=False, allow_blank=True)
    ordered = serializers.BooleanField(
        required=False, help_text="An event waits until earlier ones of the same thing were accepted or given up."
    )
    state = serializers.ChoiceField(
        WebhookEndpoint.State.choices,
        required=False,
        help_text="`paused`: deliveries wait. `disabled`: they are given up; what happens is written down as failed.",
    )


class WebhookInput(serializers.Serializer[Any]):
    url = serializers.CharField(max_length=URL_LENGTH, help_text="Where events go: https.")
    event_types = serializers.ListField(
        child=serializers.CharField(max_length=NAME_LENGTH),
        max_length=MOST_EVENT_TYPES,
        help_text="Names of events, or families: `business.orders.*`, `business.*`, `*`.",
    )
    description = serializers.CharField(max_length=DESCRIPTION_LENGTH, default="", allow_blank=True)
    ordered = serializers.BooleanField(default=False)


class WebhookOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    url = serializers.CharField()
    description = serializers.CharField()
    event_types = serializers.ListField(child=serializers.CharField())
    ordered = serializers.BooleanField()
    state = serializers.ChoiceField(queries.STATES, source="shown_state")
    disabled_because = serializers.CharField(help_text="by_hand, gone or failing; empty unless it is disabled.")
    disabled_at = serializers.DateTimeField(allow_null=True)
    failing_since = serializers.DateTimeField(allow_null=True, help_text="Nothing was accepted since.")
    resting_until = serializers.DateTimeField(allow_null=True, help_text="Nothing is sent before.")
    last_success_at = serializers.DateTimeField(allow_null=True)
    version = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    deleted_at = serializers.DateTimeField(allow_null=True)


class IssuedWebhookOutput(WebhookOutput):
    secret = serializers.CharField(
        allow_null=True,
        help_text="What deliveries are signed with. In the first answer only.",
    )


class SecretRotationInput(serializers.Serializer[Any]):
    overlap_s = serializers.IntegerField(
        required=False, min_value=0, help_text="How long the present secret stays good: a day if left out, 0 ends it."
    )


class WebhookTestInput(serializers.Serializer[Any]):
    event_type = serializers.CharField(max_length=NAME_LENGTH, help_text="A name, as in `business.orders.OrderPlaced`.")


class WebhookReplayInput(serializers.Serializer[Any]):
    since = serializers.DateTimeField(help_text="Of deliveries made from then on.")
    until = serializers.DateTimeField(required=False, help_text="Not included; now if left out.")
    which = serializers.ChoiceField([queries.FAILED, queries.ALL], default=queries.FAILED)


class WebhookDeliveryOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    webhook_id = serializers.UUIDField(source="endpoint_id")
    event_id = serializers.UUIDField(source="message.event_id", help_text="The header `webhook-id`.")
    event_type = serializers.CharField()
    aggregate_id = serializers.UUIDField(source="key")
    sequence = serializers.IntegerField()
    test = serializers.BooleanField(source="is_test")
    state = serializers.ChoiceField(WebhookDelivery.State.choices)
    failed_because = serializers.CharField(help_text="Empty unless it failed.")
    attempts = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    next_attempt_at = serializers.SerializerMethodField(help_text="Null once it is settled.")
    settled_at = serializers.DateTimeField(allow_null=True)
    last_status = serializers.IntegerField(allow_null=True)
    last_error = serializers.CharField()

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_next_attempt_at(self, delivery: WebhookDelivery) -> Any:
        pending = delivery.state == WebhookDelivery.State.PENDING
        return serializers.DateTimeField().to_representation(delivery.next_at) if pending else None


class WebhookAttemptOutput(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    at = serializers.DateTimeField()
    duration_ms = serializers.IntegerField()
    status = serializers.IntegerField(allow_null=True)
    error = serializers.CharField()
    request_headers = serializers.DictField(child=serializers.CharField())
    response_headers = serializers.DictField(child=serializers.CharField())
    response_excerpt = serializers.CharField()


class WebhookDeliveryDetailOutput(WebhookDeliveryOutput):
    body = serializers.CharField(allow_null=True, help_text="What is posted; null when it cannot be read any more.")
    tried = WebhookAttemptOutput(many=True)


class WebhookReplayOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField(help_text="Of the job that does it.")
    since = serializers.CharField(source="parameters.since")
    until = serializers.CharField(source="parameters.until")
    which = serializers.CharField(source="parameters.which")
    state = serializers.CharField(help_text="Of the job: queued, running, succeeded, retrying, dead or cancelled.")
    replayed = serializers.IntegerField(source="done")
    total = serializers.IntegerField()
    reason = serializers.CharField(help_text="Why it does not go on; empty where it does.")
    requested_by_name = serializers.CharField()
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


class WebhookEventTypeOutput(serializers.Serializer[Any]):
    name = serializers.CharField()
    patterns = serializers.ListField(child=serializers.CharField(), help_text="Each way to ask for it.")
    topic = serializers.CharField()
    version = serializers.IntegerField()
    description = serializers.CharField()
    schema_path = serializers.CharField(help_text="Where the JSON Schema of its payload can be had.")
    sample = serializers.DictField(help_text="A payload that could be.")


_EXAMPLE = OpenApiExample(
    "Orders", {"url": "https://hooks.example.com/orders", "event_types": ["business.orders.*"]}, request_only=True
)


class WebhookEventTypes(ApiView):
    """GET /api/v1/webhook-event-types: every event that can be had, with a sample of its payload."""

    required_permission = _VIEW
    paged = False

    @extend_schema(responses=WebhookEventTypeOutput(many=True))
    def get(self, request: Any) -> Answer:
        rows = [
            {
                "name": known.name,
                "patterns": patterns_of(known.name),
                "topic": known.topic,
                "version": known.version,
                "description": known.description,
                "schema_path": known.schema_path,
                "sample": known.sample.payload,
            }
            for known in event_types().values()
        ]
        return Answer(WebhookEventTypeOutput(rows, many=True).data)


class Webhooks(ApiView):
    """GET, POST /api/v1/webhooks: where events are posted to."""

    required_permission = {"GET": _VIEW, "POST": _MANAGE}
    step_up = SENSITIVE
    filterset_class = WebhookFilter

    @extend_schema(responses=WebhookOutput(many=True))
    def get(self, request: Any) -> Answer:
        return page_of(request, queries.endpoints(), WebhookOutput)

    @extend_schema(request=WebhookInput, responses={201: IssuedWebhookOutput}, examples=[_EXAMPLE])
    def post(self, request: Any) -> Response:
        """Make one. The secret that its deliveries are signed with is in this answer only."""
        return _shown_once(request, self._post(request))

    post.idempotent = True  # type: ignore[attr-defined]  # for the schema: see `_post`

    @idempotent(WebhookEndpoint)
    def _post(self, request: Any) -> Answer:
        issued = commands.create_endpoint(
            **validated(WebhookInput, request.data), actor=request.actor, now=timezone.now()
        )
        return _issued(request, issued)


class WebhookDetail(ApiView):
    """GET, PATCH, DELETE /api/v1/webhooks/{webhook_id}: one webhook, also a deleted one."""

    required_permission = {"GET": _VIEW, "PATCH": _MANAGE, "DELETE": _MANAGE}
    step_up = {"PATCH": SENSITIVE}
    versioned = True

    @extend_schema(responses=WebhookOutput)
    def get(self, request: Any, webhook_id: Any) -> Answer:
        return entity_response(request, queries.endpoint(webhook_id), WebhookOutput)

    @extend_schema(request=WebhookChanges, responses=WebhookOutput)
    def patch(self, request: Any, webhook_id: Any) -> Answer:
        """What is left out stays. Enabling sends what waits, and forgets that it failed."""
        commands.update_endpoint(
            endpoint_id=webhook_id,
            expected_version=expected_version(request),
            **validated(WebhookChanges, request.data),
            **_facts(request),
        )
        return entity_response(request, queries.endpoint(webhook_id), WebhookOutput)

    @extend_schema(responses={204: None})
    def delete(self, request: Any, webhook_id: Any) -> Answer:
        commands.delete_endpoint(endpoint_id=webhook_id, expected_version=expected_version(request), **_facts(request))
        return Answer(status=204)


class WebhookRestoration(ApiView):
    """POST /api/v1/webhooks/{webhook_id}/restoration: bring a deleted webhook back as it was, with its secret."""

    required_permission = _MANAGE

    @extend_schema(request=None, responses=WebhookOutput)
    def post(self, request: Any, webhook_id: Any) -> Answer:
        commands.restore_endpoint(endpoint_id=webhook_id, **_facts(request))
        return entity_response(request, queries.endpoint(webhook_id), WebhookOutput)


class WebhookSecretRotation(ApiView):
    """POST /api/v1/webhooks/{webhook_id}/secret-rotation: another secret; for a while the present one signs too."""

    required_permission = _MANAGE
    step_up = SENSITIVE

    @extend_schema(request=SecretRotationInput, responses={201: IssuedWebhookOutput})
    def post(self, request: Any, webhook_id: Any) -> Response:
        return _shown_once(request, self._post(request, webhook_id))

    post.idempotent = True  # type: ignore[attr-defined]  # for the schema: see `_post`

    @idempotent(WebhookEndpoint)
    def _post(self, request: Any, webhook_id: Any) -> Answer:
        wished = validated(SecretRotationInput, request.data)
        return _issued(request, commands.rotate_secret(endpoint_id=webhook_id, **wished, **_facts(request)))


class WebhookTest(ApiView):
    """POST /api/v1/webhooks/{webhook_id}/test: have a sample posted once, with the header `webhook-test: true`.

    The answer is the delivery; read it again in a moment for what the receiver answered.
    """

    required_permission = _MANAGE

    @extend_schema(request=WebhookTestInput, responses={202: WebhookDeliveryOutput})
    @idempotent(WebhookEndpoint)
    def post(self, request: Any, webhook_id: Any) -> Answer:
        wished = validated(WebhookTestInput, request.data)
        return _accepted(commands.send_test(endpoint_id=webhook_id, **wished, **_facts(request)))


class WebhookDeliveries(ApiView):
    """GET /api/v1/webhooks/{webhook_id}/deliveries: what was sent to a webhook, or is to be, the newest first."""

    required_permission = _VIEW
    filterset_class = DeliveryFilter

    @extend_schema(responses=WebhookDeliveryOutput(many=True))
    def get(self, request: Any, webhook_id: Any) -> Answer:
        queries.endpoint(webhook_id)
        return page_of(request, queries.deliveries(webhook_id), WebhookDeliveryOutput)


class WebhookDeliveryDetail(ApiView):
    """GET /api/v1/webhooks/{webhook_id}/deliveries/{delivery_id}: one delivery with its body and every attempt."""

    required_permission = _VIEW

    @extend_schema(responses=WebhookDeliveryDetailOutput)
    def get(self, request: Any, webhook_id: Any, delivery_id: Any) -> Answer:
        found = queries.delivery(delivery_id, endpoint_id=webhook_id)
        attempts = WebhookAttemptOutput(queries.attempts_of(found.id), many=True).data
        more = {"body": shown_body(found.message), "tried": attempts}
        return Answer({**WebhookDeliveryOutput(found).data, **more})


class WebhookDeliveryReplay(ApiView):
    """POST /api/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/replay: send it once more, under the same id."""

    required_permission = _MANAGE

    @extend_schema(request=None, responses={202: WebhookDeliveryOutput})
    @idempotent(WebhookEndpoint)
    def post(self, request: Any, webhook_id: Any, delivery_id: Any) -> Answer:
        found = queries.delivery(delivery_id, endpoint_id=webhook_id)
        commands.replay_delivery(delivery_id=found.id, **_facts(request))
        return _accepted(queries.delivery(found.id))


class WebhookReplays(ApiView):
    """GET, POST /api/v1/webhooks/{webhook_id}/replays: what failed in a span of time, or all of it, sent once more.

    A job does it, and says how far it has come.
    """

    required_permission = {"GET": _VIEW, "POST": _MANAGE}

    @extend_schema(responses=WebhookReplayOutput(many=True))
    def get(self, request: Any, webhook_id: Any) -> Answer:
        queries.endpoint(webhook_id)
        return page_of(request, queries.replays(webhook_id), WebhookReplayOutput)

    @extend_schema(request=WebhookReplayInput, responses={202: WebhookReplayOutput})
    @idempotent(WebhookEndpoint)
    def post(self, request: Any, webhook_id: Any) -> Answer:
        wished = validated(WebhookReplayInput, request.data)
        job = commands.request_replay(endpoint_id=webhook_id, **wished, **_facts(request))
        return Answer(WebhookReplayOutput(job).data, status=202)


def _facts(request: Any) -> dict[str, Any]:
    return {"actor": request.actor, "now": timezone.now()}


def _issued(request: Any, issued: commands.Issued) -> Answer:
    """Without the secret, which the memory for repeated requests must not keep."""
    request.issued_secret = issued.secret
    endpoint = queries.endpoint(issued.endpoint.id)
    answer = entity_response(request, endpoint, WebhookOutput, status=201, location=f"{_PATH}/{endpoint.id}")
    answer.data = {**answer.data, "secret": None}
    return answer


def _shown_once(request: Any, answer: Response) -> Response:
    answer.data = {**answer.data, "secret": getattr(request, "issued_secret", None)}
    answer["Cache-Control"] = "no-store"
    return answer


def _accepted(delivery: WebhookDelivery) -> Answer:
    location = f"{_PATH}/{delivery.endpoint_id}/deliveries/{delivery.id}"
    return Answer(WebhookDeliveryOutput(delivery).data, status=202, headers={"Location": location})
