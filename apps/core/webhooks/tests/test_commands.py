"""What people do with webhooks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from apps.core.errors import PreconditionFailed
from apps.core.jobs.testing import run_jobs
from apps.core.mail.models import OutgoingMessage
from apps.core.tenancy import tenant
from apps.core.webhooks import claiming, commands, forgetting, keys, posting, queries, sending, sweeping
from apps.core.webhooks.errors import (
    InvalidWebhook,
    InvalidWebhookReplay,
    TooManyWebhooks,
    TooManyWebhookSecrets,
    WebhookDeliveryIsPending,
    WebhookIsDeleted,
    WebhookIsNotEnabled,
    WebhookNotFound,
)
from apps.core.webhooks.events import (
    WebhookEndpointCreated,
    WebhookEndpointDisabled,
    WebhookEndpointUpdated,
    WebhookReplayRequested,
    WebhookSecretRotated,
)
from apps.core.webhooks.models import (
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookHealth,
    WebhookMessage,
    WebhookSecret,
)
from apps.core.webhooks.tests.conftest import ADA, CANCELLED, NOW, PLACED, delivery_of, happened, send_all
from apps.core.webhooks.tests.receiver import Receiver

pytestmark = pytest.mark.django_db
Make = Callable[..., WebhookEndpoint]
DAY = timedelta(days=1)


def update(endpoint: WebhookEndpoint, **wished: Any) -> WebhookEndpoint:
    return commands.update_endpoint(endpoint_id=endpoint.id, actor=ADA, now=NOW, **wished)


class TestCreate:
    def test_gives_a_secret_that_lies_sealed(self, in_tenant: UUID, receiver: Receiver, published: Any) -> None:
        issued = commands.create_endpoint(url=receiver.url, event_types=[PLACED, PLACED], actor=ADA, now=NOW)

        assert issued.secret.startswith("whsec_")
        assert issued.endpoint.event_types == [PLACED]
        assert issued.secret.encode() not in bytes(WebhookSecret.objects.get().sealed)
        created = WebhookEndpointCreated(
            webhook_endpoint_id=issued.endpoint.id, host="127.0.0.1", event_types=(PLACED,)
        )
        assert published == [created]

    @pytest.mark.parametrize(
        ("wished", "field"),
        [
            ({"url": "http://hooks.example.com/"}, "url"),
            ({"url": "https://user:secret@hooks.example.com/"}, "url"),
            ({"url": "https://hooks.example.com/a b"}, "url"),
            ({"url": "https://hooks.example.com/é"}, "url"),
            ({"url": "https://hooks.example.com/" + "x" * 2000}, "url"),
            ({"url": "ftp://hooks.example.com/"}, "url"),
            ({"event_types": []}, "event_types"),
            ({"event_types": ["business.orders.OrderEaten"]}, "event_types"),
            ({"event_types": [f"business.x{n}.*" for n in range(101)]}, "event_types"),
            ({"description": "x" * 501}, "description"),
        ],
    )
    def test_refuses_what_could_never_work(
        self, in_tenant: UUID, settings: Any, wished: dict[str, Any], field: str
    ) -> None:
        settings.OUTBOUND_PRIVATE_ADDRESSES = False
        settings.BASE_URL = "https://platform.example"
        facts = {"url": "https://hooks.example.com/", "event_types": ["*"], **wished}

        with pytest.raises(InvalidWebhook) as refused:
            commands.create_endpoint(**facts, actor=ADA, now=NOW)

        assert list(refused.value.errors) == [field]

    def test_makes_no_more_than_a_company_may_have(self, in_tenant: UUID, make_endpoint: Make, settings: Any) -> None:
        settings.WEBHOOKS_PER_TENANT = 2
        first, _ = make_endpoint(), make_endpoint()
        with pytest.raises(TooManyWebhooks):
            make_endpoint()

        commands.delete_endpoint(endpoint_id=first.id, actor=ADA, now=NOW)
        make_endpoint()

        with pytest.raises(TooManyWebhooks):
            commands.restore_endpoint(endpoint_id=first.id, actor=ADA, now=NOW)


class TestUpdate:
    def test_changes_what_is_named_and_nothing_else(self, endpoint: WebhookEndpoint, published: Any) -> None:
        changed = update(endpoint, event_types=["iam.*", "*"], expected_version=1)

        assert (changed.event_types, changed.url, changed.version) == (["*"], endpoint.url, 1)  # the same as before
        changed = update(endpoint, description="CRM", expected_version=1)
        assert (changed.description, changed.version) == ("CRM", 2)
        assert [type(one) for one in published] == [WebhookEndpointUpdated]

    def test_refuses_to_write_over_what_somebody_else_wrote(self, endpoint: WebhookEndpoint) -> None:
        update(endpoint, description="CRM")

        with pytest.raises(PreconditionFailed):
            update(endpoint, description="ERP", expected_version=1)

    def test_pausing_holds_back_and_enabling_sends(self, endpoint: WebhookEndpoint, receiver: Receiver) -> None:
        update(endpoint, state="paused")
        happened()
        assert send_all(endpoint) == 0

        update(endpoint, state="enabled")

        assert send_all(endpoint) == 1

    def test_disabling_gives_up_what_is_on_its_way(self, endpoint: WebhookEndpoint) -> None:
        envelope = happened()

        update(endpoint, state="disabled")

        assert delivery_of(envelope, endpoint).failed_because == "endpoint_disabled"
        endpoint.refresh_from_db()
        assert (endpoint.disabled_because, endpoint.disabled_at) == ("by_hand", NOW)

    def test_what_arrives_while_it_is_disabled_has_arrived(self, endpoint: WebhookEndpoint, receiver: Receiver) -> None:
        envelope = happened()
        claimed = claiming.claim(endpoint.id, now=NOW)
        assert claimed is not None
        update(endpoint, state="disabled")

        sending._settle(claimed, posting.Result(204, 5), NOW)

        assert delivery_of(envelope, endpoint).state == "succeeded"

    def test_enabling_begins_with_a_clean_slate(self, endpoint: WebhookEndpoint, receiver: Receiver) -> None:
        receiver.will_answer(500)
        happened()
        sending.send_next(endpoint.id, now=NOW)
        update(endpoint, state="disabled")

        update(endpoint, state="enabled")

        assert WebhookHealth.objects.get().failing_since is None

    def test_does_not_find_one_of_another_tenant(self, endpoint: WebhookEndpoint, other_tenant_id: UUID) -> None:
        with tenant(other_tenant_id), pytest.raises(WebhookNotFound):
            update(endpoint, description="mine")


class TestDelete:
    def test_ends_it_and_can_be_undone(self, endpoint: WebhookEndpoint, receiver: Receiver) -> None:
        envelope = happened()

        commands.delete_endpoint(endpoint_id=endpoint.id, actor=ADA, now=NOW)
        commands.delete_endpoint(endpoint_id=endpoint.id, actor=ADA, now=NOW)

        assert delivery_of(envelope, endpoint).failed_because == "endpoint_deleted"
        with pytest.raises(WebhookIsDeleted):
            update(endpoint, description="x")
        commands.restore_endpoint(endpoint_id=endpoint.id, actor=ADA, now=NOW)
        happened()
        assert send_all(endpoint) == 1


class TestRotateSecret:
    def test_gives_another_one_and_says_until_when_the_old_one_is_good(
        self, endpoint: WebhookEndpoint, published: Any
    ) -> None:
        issued = commands.rotate_secret(endpoint_id=endpoint.id, actor=ADA, now=NOW)

        assert issued.endpoint.version == 2
        assert len(keys.good(endpoint.id, now=NOW)) == 2
        assert len(keys.good(endpoint.id, now=NOW + DAY)) == 1
        assert published[-1] == WebhookSecretRotated(
            webhook_endpoint_id=endpoint.id, host="127.0.0.1", overlap_until=NOW + DAY
        )

    def test_refuses_an_overlap_without_end(self, endpoint: WebhookEndpoint) -> None:
        for overlap_s in (-1, 10_000_000):
            with pytest.raises(InvalidWebhook):
                commands.rotate_secret(endpoint_id=endpoint.id, overlap_s=overlap_s, actor=ADA, now=NOW)

    def test_does_not_pile_up_secrets(self, endpoint: WebhookEndpoint) -> None:
        for _ in range(3):
            commands.rotate_secret(endpoint_id=endpoint.id, actor=ADA, now=NOW)

        with pytest.raises(TooManyWebhookSecrets):
            commands.rotate_secret(endpoint_id=endpoint.id, actor=ADA, now=NOW)
        commands.rotate_secret(endpoint_id=endpoint.id, overlap_s=0, actor=ADA, now=NOW)
        assert WebhookSecret.objects.count() == 1


class TestDisabling:
    @pytest.fixture
    def looked_after(self, settings: Any) -> None:
        settings.PEOPLE_WHO_MAY = f"{__name__}.people_who_may"
        settings.EMAIL_URL = "outbox:"

    @pytest.mark.usefixtures("looked_after")
    def test_comes_after_five_days_without_success_and_is_told(
        self, endpoint: WebhookEndpoint, receiver: Receiver, published: Any
    ) -> None:
        receiver.will_answer(*[500] * 10)
        happened()
        send_all(endpoint)
        waiting = happened(CANCELLED, now=NOW + 4 * DAY)
        sending.send_next(endpoint.id, now=NOW + 4.9 * DAY)
        endpoint.refresh_from_db()
        assert endpoint.state == "enabled"

        sending.send_next(endpoint.id, now=NOW + 5.1 * DAY)

        endpoint.refresh_from_db()
        assert (endpoint.state, endpoint.disabled_because) == ("disabled", "failing")
        assert delivery_of(waiting, endpoint).failed_because == "endpoint_disabled"
        assert published[-1].reason == "failing"
        assert isinstance(published[-1], WebhookEndpointDisabled)
        (mail,) = OutgoingMessage.objects.filter(template="webhook_disabled")
        assert (mail.recipient, mail.subject) == ("ada@example.com", "A webhook was disabled: 127.0.0.1")

    @pytest.mark.usefixtures("looked_after")
    def test_does_not_come_where_something_arrives_now_and_then(
        self, endpoint: WebhookEndpoint, receiver: Receiver
    ) -> None:
        receiver.will_answer(500, 204, 500, 204)
        for days in range(4):
            happened(now=NOW + days * 2 * DAY)
            sending.send_next(endpoint.id, now=NOW + days * 2 * DAY + timedelta(minutes=1))

        endpoint.refresh_from_db()
        assert endpoint.state == "enabled"

    def test_does_not_come_when_it_has_recovered_meanwhile(self, endpoint: WebhookEndpoint) -> None:
        assert commands.disable_for(endpoint.id, because="failing", now=NOW) is False


class TestTest:
    def test_posts_a_sample_once(self, in_tenant: UUID, make_endpoint: Make, receiver: Receiver) -> None:
        endpoint = make_endpoint(event_types=[CANCELLED])
        receiver.will_answer(500)

        delivery = commands.send_test(endpoint_id=endpoint.id, event_type=PLACED, actor=ADA, now=NOW)

        assert send_all(endpoint) == 1
        (got,) = receiver.received
        assert (got.headers["webhook-test"], got.headers["webhook-event-type"]) == ("true", PLACED)
        assert got.envelope["eventType"] == "OrderPlaced"
        delivery.refresh_from_db()
        assert (delivery.state, delivery.failed_because) == ("failed", "test")
        assert WebhookHealth.objects.get().failures == 0

    @pytest.mark.parametrize("state", ["paused", "disabled"])
    def test_is_sent_whatever_the_state(self, endpoint: WebhookEndpoint, receiver: Receiver, state: str) -> None:
        update(endpoint, state=state)
        happened()

        commands.send_test(endpoint_id=endpoint.id, event_type=PLACED, actor=ADA, now=NOW)

        assert send_all(endpoint) == 1

    def test_refuses_an_event_that_there_is_not(self, endpoint: WebhookEndpoint) -> None:
        with pytest.raises(InvalidWebhook):
            commands.send_test(endpoint_id=endpoint.id, event_type="*", actor=ADA, now=NOW)


class TestReplay:
    def test_of_one_sends_it_again_under_its_id(
        self, endpoint: WebhookEndpoint, receiver: Receiver, published: Any
    ) -> None:
        envelope = happened()
        send_all(endpoint)
        delivery = delivery_of(envelope, endpoint)

        commands.replay_delivery(delivery_id=delivery.id, actor=ADA, now=NOW)
        with pytest.raises(WebhookDeliveryIsPending):
            commands.replay_delivery(delivery_id=delivery.id, actor=ADA, now=NOW)
        send_all(endpoint)

        assert receiver.ids == [str(envelope.event_id)] * 2
        assert [one.number for one in WebhookAttempt.objects.order_by("number")] == [1, 2]
        assert published[-1] == WebhookReplayRequested(
            webhook_endpoint_id=endpoint.id, host="127.0.0.1", delivery_id=delivery.id
        )

    def test_of_what_failed_since_an_instant_leaves_out_the_rest(
        self, endpoint: WebhookEndpoint, receiver: Receiver, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("apps.core.webhooks.jobs._BATCH", 2)
        early, arrived = happened(now=NOW - 2 * DAY), happened(now=NOW - 0.5 * DAY)
        missed = [happened(now=NOW - n * timedelta(hours=1)) for n in (3, 2, 1)]
        WebhookDelivery.objects.update(state="failed", failed_because="exhausted")
        WebhookDelivery.objects.filter(message__event_id=arrived.event_id).update(state="succeeded")

        commands.request_replay(endpoint_id=endpoint.id, since=NOW - DAY, actor=ADA, now=NOW)
        (job,) = run_jobs("default")
        send_all(endpoint, now=NOW + 365 * DAY)

        assert (job.state, job.result, job.total) == ("succeeded", {"replayed": 3}, 3)
        assert receiver.ids == [str(one.event_id) for one in missed]
        assert delivery_of(early, endpoint).state == "failed"

    def test_of_everything_includes_what_arrived_but_no_test(
        self, endpoint: WebhookEndpoint, receiver: Receiver
    ) -> None:
        happened(now=NOW - DAY)
        commands.send_test(endpoint_id=endpoint.id, event_type=PLACED, actor=ADA, now=NOW - DAY)
        send_all(endpoint)

        commands.request_replay(
            endpoint_id=endpoint.id, since=NOW - 2 * DAY, until=NOW, which="all", actor=ADA, now=NOW
        )
        (job,) = run_jobs("default")

        assert job.result == {"replayed": 1}

    def test_waits_when_the_webhook_was_disabled_since(self, endpoint: WebhookEndpoint) -> None:
        happened(now=NOW - DAY)
        WebhookDelivery.objects.update(state="failed")
        commands.request_replay(endpoint_id=endpoint.id, since=NOW - 2 * DAY, actor=ADA, now=NOW)
        update(endpoint, state="disabled")

        (job,) = run_jobs("default")

        assert (job.state, job.reason[:19]) == ("retrying", "webhook_is_disabled")

    def test_is_refused_where_nothing_could_be_sent(self, endpoint: WebhookEndpoint) -> None:
        with pytest.raises(InvalidWebhookReplay):
            commands.request_replay(endpoint_id=endpoint.id, since=NOW, actor=ADA, now=NOW)
        update(endpoint, state="disabled")
        with pytest.raises(WebhookIsNotEnabled):
            commands.request_replay(endpoint_id=endpoint.id, since=NOW - DAY, actor=ADA, now=NOW)

    def test_does_not_find_what_is_another_tenants(self, endpoint: WebhookEndpoint, other_tenant_id: UUID) -> None:
        happened()

        with tenant(other_tenant_id):
            assert list(queries.deliveries()) == []
            with pytest.raises(WebhookNotFound):
                commands.request_replay(endpoint_id=endpoint.id, since=NOW - DAY, actor=ADA, now=NOW)


class TestForgetting:
    def test_takes_deliveries_and_attempts_along(self, endpoint: WebhookEndpoint, receiver: Receiver) -> None:
        happened(now=NOW - 31 * DAY)
        happened()
        send_all(endpoint)

        assert forgetting.forget(before=NOW - 30 * DAY) == 1

        assert [one.objects.count() for one in (WebhookMessage, WebhookDelivery, WebhookAttempt)] == [1, 1, 1]


@pytest.mark.django_db(transaction=True)
class TestSweep:
    def test_finds_what_is_due_in_any_tenant(
        self, in_tenant: UUID, other_tenant_id: UUID, make_endpoint: Make, receiver: Receiver
    ) -> None:
        mine, paused = make_endpoint(), make_endpoint(event_types=[CANCELLED])
        happened()
        happened(CANCELLED)
        with tenant(other_tenant_id):
            theirs = make_endpoint()
            happened(now=NOW - DAY)
        update(paused, state="paused")

        found = sweeping.due_endpoints(now=NOW)

        assert found == [(other_tenant_id, theirs.id), (in_tenant, mine.id)]
        assert sweeping.due_endpoints(now=NOW - 2 * DAY) == []

    def test_leaves_out_what_rests(self, in_tenant: UUID, make_endpoint: Make, receiver: Receiver) -> None:
        endpoint = make_endpoint()
        receiver.will_answer(503, Retry_After="3600")
        happened()
        happened()
        send_all(endpoint)

        assert sweeping.due_endpoints(now=NOW + timedelta(minutes=59)) == []
        assert sweeping.due_endpoints(now=NOW + timedelta(minutes=61)) == [(in_tenant, endpoint.id)]


class Person:
    id, name, email = uuid4(), "Ada", "ada@example.com"


def people_who_may(permission: str) -> list[Person]:
    assert permission == "webhooks.manage"
    return [Person()]
