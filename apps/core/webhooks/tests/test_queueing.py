"""From an event to its deliveries."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from django.db import connections

from apps.core.events.testing import consume_available, run_relay_once
from apps.core.tenancy import tenant
from apps.core.webhooks import commands, queueing
from apps.core.webhooks.bodies import body_of
from apps.core.webhooks.handlers import GROUP
from apps.core.webhooks.models import WebhookDelivery, WebhookEndpoint, WebhookMessage
from apps.core.webhooks.tests.conftest import ADA, CANCELLED, NOW, PLACED, delivery_of, happened

pytestmark = pytest.mark.django_db
Make = Callable[..., WebhookEndpoint]


class TestQueueing:
    def test_makes_a_delivery_for_each_webhook_that_wants_the_event(self, in_tenant: UUID, make_endpoint: Make) -> None:
        every, family = make_endpoint(), make_endpoint(event_types=["business.orders.*"])
        make_endpoint(event_types=[CANCELLED])
        make_endpoint(event_types=["iam.*"])

        envelope = happened(PLACED)

        found = WebhookDelivery.objects.filter(message__event_id=envelope.event_id)
        assert {delivery.endpoint_id for delivery in found} == {every.id, family.id}
        assert {delivery.event_type for delivery in found} == {PLACED}
        assert WebhookMessage.objects.count() == 1

    def test_makes_it_once_however_often_the_event_comes(self, endpoint: WebhookEndpoint) -> None:
        envelope = happened()

        queueing.queue_event(PLACED, envelope, now=NOW)

        assert WebhookDelivery.objects.count() == 1

    def test_keeps_nothing_that_nobody_wants(self, in_tenant: UUID, make_endpoint: Make) -> None:
        make_endpoint(event_types=["iam.*"])

        happened(PLACED)

        assert WebhookMessage.objects.count() == 0

    def test_writes_down_what_a_disabled_webhook_misses(self, endpoint: WebhookEndpoint) -> None:
        commands.update_endpoint(endpoint_id=endpoint.id, state="disabled", actor=ADA, now=NOW)

        missed = delivery_of(happened(), endpoint)

        assert (missed.state, missed.failed_because) == ("failed", "endpoint_disabled")

    def test_lets_what_a_paused_webhook_wants_wait(self, endpoint: WebhookEndpoint) -> None:
        commands.update_endpoint(endpoint_id=endpoint.id, state="paused", actor=ADA, now=NOW)

        assert delivery_of(happened(), endpoint).state == "pending"

    def test_makes_none_for_a_deleted_webhook(self, endpoint: WebhookEndpoint) -> None:
        commands.delete_endpoint(endpoint_id=endpoint.id, actor=ADA, now=NOW)

        happened()

        assert WebhookDelivery.objects.count() == 0

    def test_does_not_look_at_another_tenants_webhooks(
        self, in_tenant: UUID, other_tenant_id: UUID, make_endpoint: Make
    ) -> None:
        with tenant(other_tenant_id):
            make_endpoint()

        happened()

        assert WebhookDelivery.objects.count() == 0
        with tenant(other_tenant_id):
            assert WebhookDelivery.objects.count() == 0

    def test_keeps_events_sealed(self, endpoint: WebhookEndpoint) -> None:
        happened()

        message = WebhookMessage.objects.get()
        assert b"lines" not in bytes(message.sealed)
        assert b"aggregateId" in body_of(message)

    def test_costs_one_statement_where_nobody_listens(
        self, in_tenant: UUID, receiver: object, django_assert_num_queries: Callable
    ) -> None:
        with django_assert_num_queries(1):
            happened()


class TestGroup:
    def test_hears_every_public_event_of_every_service(self) -> None:
        from apps.core.events.subscriptions import group_named
        from apps.core.webhooks.event_types import event_types

        group = group_named(GROUP)

        assert group.sources == ["business", "default"]
        assert group.using == "default"
        assert all(group.wants(event_type.definition.name) for event_type in event_types().values())

    @pytest.mark.django_db(transaction=True)
    def test_queues_what_was_committed_in_the_log_exactly_once(self, in_tenant: UUID, make_endpoint: Make) -> None:
        make_endpoint(event_types=["iam.webhooks.WebhookEndpointDeleted"])
        gone = make_endpoint(event_types=["iam.users.*"])
        commands.delete_endpoint(endpoint_id=gone.id, actor=ADA, now=NOW)
        run_relay_once("default")

        consume_available(GROUP)
        with connections["default"].cursor() as cursor:
            cursor.execute("select count(*) from webhooks_delivery")
            before = cursor.fetchone()
        consume_available(GROUP)

        (queued,) = WebhookDelivery.objects.all()
        assert (queued.event_type, queued.key) == ("iam.webhooks.WebhookEndpointDeleted", gone.id)
        assert before == (1,)
