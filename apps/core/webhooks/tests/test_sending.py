"""Deliveries on their way to a real receiver."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from django.utils import timezone
from standardwebhooks.webhooks import Webhook

from apps.core.crypto.keys import destroy_keys, forget_keys
from apps.core.crypto.tokens import ERASED
from apps.core.events import unit_of_work
from apps.core.tenancy import no_tenant, tenant
from apps.core.webhooks import claiming, commands, keys, posting, queueing, sending, signing, tasks
from apps.core.webhooks.event_types import event_types
from apps.core.webhooks.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookHealth, WebhookMessage
from apps.core.webhooks.tests.conftest import ADA, NOW, PLACED, delivery_of, happened, send_all
from apps.core.webhooks.tests.receiver import Received, Receiver

pytestmark = pytest.mark.django_db
Make = Callable[..., WebhookEndpoint]
HOUR = timedelta(hours=1)
DELAY = "apps.core.webhooks.settling.retry_delay_s"


def outside(settings: Any, monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """As in production, where every name leads to these addresses, one after another; returns what was connected to."""
    settings.OUTBOUND_PRIVATE_ADDRESSES = False
    settings.BASE_URL = "https://platform.example"
    answers = list(addresses)

    def look_up(host: str, port: int, *args: Any, **kwargs: Any) -> list[Any]:
        address = answers.pop(0) if len(answers) > 1 else answers[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    connected: list[str] = []

    def connect(address: tuple[str, int], *args: Any, **kwargs: Any) -> Any:
        connected.append(address[0])
        raise OSError("nobody is there")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(socket, "create_connection", connect)
    return connected


class TestDelivery:
    def test_arrives_signed_with_the_envelope_of_the_event(self, in_tenant: UUID, receiver: Receiver) -> None:
        issued = commands.create_endpoint(url=receiver.url, event_types=[PLACED], actor=ADA, now=NOW)
        envelope = happened(PLACED)

        assert send_all(issued.endpoint) == 1

        (got,) = receiver.received
        assert got.id == str(envelope.event_id)
        assert got.headers["webhook-timestamp"] == str(int(NOW.timestamp()))
        assert got.headers["content-type"] == "application/json"
        assert got.envelope["eventType"] == "OrderPlaced"
        assert got.envelope["metadata"]["tenantId"] == str(in_tenant)
        assert got.envelope["payload"] == envelope.payload
        assert Webhook(issued.secret).sign(got.id, NOW, got.body.decode()) == got.headers["webhook-signature"]
        assert delivery_of(envelope, issued.endpoint).state == "succeeded"

    def test_does_not_tell_from_where_somebody_acted(self, endpoint: WebhookEndpoint, receiver: Receiver) -> None:
        happened()
        send_all(endpoint)

        assert "origin" not in receiver.received[0].envelope["metadata"]

    def test_is_sent_again_after_a_failure_and_then_no_more(
        self, endpoint: WebhookEndpoint, receiver: Receiver
    ) -> None:
        receiver.will_answer(500, 503, body=b"oh no")
        envelope = happened()

        assert [send_all(endpoint, now=NOW + n * HOUR) for n in range(4)] == [1, 1, 1, 0]

        assert receiver.ids == [str(envelope.event_id)] * 3
        delivery = delivery_of(envelope, endpoint)
        assert (delivery.state, delivery.attempts, delivery.last_status) == ("succeeded", 3, 204)
        attempts = WebhookAttempt.objects.filter(delivery=delivery).order_by("number")
        assert [(one.number, one.status, one.response_excerpt) for one in attempts] == [
            (1, 500, "oh no"),
            (2, 503, "oh no"),
            (3, 204, ""),
        ]
        assert attempts[0].request_headers["webhook-id"] == str(envelope.event_id)

    def test_waits_between_attempts(
        self, endpoint: WebhookEndpoint, receiver: Receiver, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings.WEBHOOK_RETRY_BASE_S = 10.0
        monkeypatch.setattr(DELAY, lambda attempt, base_s, cap_s: base_s * 2**attempt)
        receiver.will_answer(500, 500)
        happened()

        assert send_all(endpoint) == 1
        assert send_all(endpoint, now=NOW + timedelta(seconds=9)) == 0
        assert send_all(endpoint, now=NOW + timedelta(seconds=11)) == 1
        assert send_all(endpoint, now=NOW + timedelta(seconds=30)) == 0
        assert send_all(endpoint, now=NOW + timedelta(seconds=33)) == 1

    def test_waits_as_long_as_it_is_asked_to(self, endpoint: WebhookEndpoint, receiver: Receiver) -> None:
        receiver.will_answer(429, Retry_After="120")
        envelope = happened()
        send_all(endpoint)
        assert delivery_of(envelope, endpoint).next_at >= NOW + timedelta(seconds=120)
        happened()  # another one is held back too: the receiver wants none at all

        assert send_all(endpoint, now=NOW + timedelta(seconds=119)) == 0
        assert send_all(endpoint, now=NOW + timedelta(seconds=122)) == 2

    def test_waits_also_when_what_was_on_its_way_already_is_answered_otherwise(
        self, endpoint: WebhookEndpoint, receiver: Receiver
    ) -> None:
        for _ in range(3):
            happened()
        taken = [claiming.claim(endpoint.id, now=NOW) for _ in range(3)]
        answers = [posting.Result(429, 5, retry_after_s=120), posting.Result(500, 5), posting.Result(204, 5)]

        for claimed, answer in zip(taken, answers, strict=True):
            assert claimed is not None
            sending._settle(claimed, answer, NOW)

        assert WebhookHealth.objects.get().resting_until == NOW + timedelta(seconds=120)

    def test_is_given_up_three_days_after_it_first_failed(self, endpoint: WebhookEndpoint, receiver: Receiver) -> None:
        receiver.will_answer(*[500] * 3)
        envelope = happened()
        sending.send_next(endpoint.id, now=NOW + 100 * HOUR)  # it may have waited before
        sending.send_next(endpoint.id, now=NOW + 171 * HOUR)
        assert delivery_of(envelope, endpoint).state == "pending"

        sending.send_next(endpoint.id, now=NOW + 172.1 * HOUR)

        delivery = delivery_of(envelope, endpoint)
        assert (delivery.state, delivery.failed_because) == ("failed", "exhausted")

    def test_has_its_last_chance_at_the_end(
        self, endpoint: WebhookEndpoint, receiver: Receiver, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(DELAY, lambda *args, **kwargs: 90 * 3600.0)
        receiver.will_answer(500)
        envelope = happened()
        send_all(endpoint)

        due = delivery_of(envelope, endpoint).next_at
        assert timedelta() <= due - (NOW + 72 * HOUR) < timedelta(minutes=1)

    def test_follows_no_redirect(self, endpoint: WebhookEndpoint, receiver: Receiver) -> None:
        receiver.will_answer(302, Location=receiver.url)
        envelope = happened()

        sending.send_next(endpoint.id, now=NOW)

        assert len(receiver.received) == 1
        assert delivery_of(envelope, endpoint).last_error == "answered 302"

    def test_reads_no_more_of_an_answer_than_is_wanted(
        self, endpoint: WebhookEndpoint, receiver: Receiver, settings: Any
    ) -> None:
        receiver.will_answer(200, body=b"x" * 30_000_000)
        envelope = happened()

        send_all(endpoint)

        assert delivery_of(envelope, endpoint).state == "succeeded"
        assert len(WebhookAttempt.objects.get().response_excerpt) == settings.WEBHOOK_EXCERPT_CHARACTERS
        assert receiver.was_hung_up_on.wait(10)

    def test_does_not_wait_for_ever(self, endpoint: WebhookEndpoint, receiver: Receiver, settings: Any) -> None:
        settings.WEBHOOK_TIMEOUT_S = 0.3
        envelope = happened()
        with socket.create_server(("127.0.0.1", 0)) as silent:
            url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
            commands.update_endpoint(endpoint_id=endpoint.id, url=url, actor=ADA, now=NOW)

            sending.send_next(endpoint.id, now=NOW)

        assert "Timeout" in delivery_of(envelope, endpoint).last_error

    def test_survives_what_no_text_can_hold(self, endpoint: WebhookEndpoint, receiver: Receiver) -> None:
        receiver.will_answer(200, body=b"\x00\xff\xfe")
        happened()

        assert send_all(endpoint) == 1

    @pytest.mark.django_db(transaction=True)
    def test_of_an_event_that_nobody_can_read_is_given_up(self, endpoint: WebhookEndpoint, receiver: Receiver) -> None:
        envelope = happened()
        WebhookMessage.objects.update(sealed=b"something else")

        assert send_all(endpoint) == 1

        assert delivery_of(envelope, endpoint).failed_because == "unreadable"
        assert receiver.received == []


class TestPersonalData:
    def test_is_posted_in_plain_and_no_more_once_the_person_was_erased(
        self, endpoint: WebhookEndpoint, receiver: Receiver, published: Any
    ) -> None:
        invited = event_types()["iam.users.MemberInvited"]
        happening = msgspec.convert(invited.sample.payload, invited.definition.cls)
        with unit_of_work(WebhookEndpoint) as work:
            work.publish(happening)
        envelope = published.envelopes()[-1]
        queueing.queue_event(invited.name, envelope, now=NOW)

        send_all(endpoint)
        destroy_keys(happening.user_id, databases=["default"])
        forget_keys()
        commands.replay_delivery(delivery_id=delivery_of(envelope, endpoint).id, actor=ADA, now=NOW)
        send_all(endpoint)

        before, after = (got.envelope["payload"] for got in receiver.received)
        assert before == invited.sample.payload
        assert after["email"] == ERASED
        assert after["userId"] == before["userId"]


class TestTask:
    def test_sends_what_is_due_in_its_tenant(self, endpoint: WebhookEndpoint, receiver: Receiver) -> None:
        happened(now=timezone.now())
        happened(now=timezone.now())

        with no_tenant():
            tasks.send(tenant_id=str(endpoint.tenant_id), endpoint_id=str(endpoint.id), argument_of_later="x")

        assert len(receiver.received) == 2

    def test_asks_for_another_turn_when_its_own_was_too_short(
        self, endpoint: WebhookEndpoint, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings.WEBHOOK_TURN_S = 0.0
        asked: list[Any] = []
        monkeypatch.setattr(tasks.queueing, "wake", lambda *ids: asked.append(ids))
        happened(now=timezone.now())
        happened(now=timezone.now())

        tasks.send(tenant_id=str(endpoint.tenant_id), endpoint_id=str(endpoint.id))

        assert asked == [(endpoint.tenant_id, endpoint.id)]

    def test_is_asked_for_once_the_event_is_committed(
        self, endpoint: WebhookEndpoint, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
    ) -> None:
        asked: list[Any] = []
        monkeypatch.setattr(queueing, "wake", lambda *ids: asked.append(ids))
        with django_capture_on_commit_callbacks(execute=True):
            happened()
            assert asked == []

        assert asked == [(endpoint.tenant_id, endpoint.id)]


class TestOrder:
    def test_is_kept_for_each_thing_where_that_is_asked_for(
        self, in_tenant: UUID, make_endpoint: Make, receiver: Receiver, settings: Any
    ) -> None:
        endpoint, order, other = make_endpoint(ordered=True), uuid(1), uuid(2)
        settings.WEBHOOK_RETRY_BASE_S = 1.0
        receiver.will_answer(500)
        first, second = happened(key=order, sequence=1), happened(key=order, sequence=2)
        third = happened(key=other, sequence=1)

        send_all(endpoint)  # the first fails, and the second must not overtake it
        send_all(endpoint, now=NOW + timedelta(minutes=1))

        assert receiver.ids == [str(one.event_id) for one in (first, third, first, second)]

    def test_goes_on_after_what_is_given_up(
        self, in_tenant: UUID, make_endpoint: Make, receiver: Receiver, settings: Any
    ) -> None:
        endpoint, order = make_endpoint(ordered=True), uuid(1)
        settings.WEBHOOK_GIVE_UP_S = 0.0
        receiver.will_answer(500)
        first, second = happened(key=order, sequence=1), happened(key=order, sequence=2)

        send_all(endpoint)

        assert receiver.ids == [str(first.event_id), str(second.event_id)]

    def test_holds_nothing_back_otherwise(self, endpoint: WebhookEndpoint, receiver: Receiver, settings: Any) -> None:
        settings.WEBHOOK_RETRY_BASE_S = 3600.0
        receiver.will_answer(500)
        happened(key=uuid(1), sequence=1)
        second = happened(key=uuid(1), sequence=2)

        send_all(endpoint)

        assert delivery_of(second, endpoint).state == "succeeded"


class TestDeath:
    def test_between_post_and_record_sends_it_again_under_the_same_id(
        self, endpoint: WebhookEndpoint, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Killed(BaseException): ...

        def die(*args: Any, **kwargs: Any) -> None:
            raise Killed

        envelope = happened()
        with monkeypatch.context() as patched, suppress(Killed):
            patched.setattr("apps.core.webhooks.settling.settle", die)
            sending.send_next(endpoint.id, now=NOW)

        assert send_all(endpoint, now=NOW + timedelta(seconds=60)) == 0  # its lease runs
        assert send_all(endpoint, now=NOW + timedelta(seconds=121)) == 1

        assert receiver.ids == [str(envelope.event_id)] * 2
        assert delivery_of(envelope, endpoint).state == "succeeded"

    def test_that_was_none_does_not_take_it_from_whoever_has_it_now(self, endpoint: WebhookEndpoint) -> None:
        envelope = happened()
        slow = claiming.claim(endpoint.id, now=NOW)
        other = claiming.claim(endpoint.id, now=NOW + timedelta(seconds=121))
        assert slow is not None and other is not None

        sending._settle(slow, posting.Result(500, 121_000, error="answered 500"), NOW + timedelta(seconds=122))

        assert delivery_of(envelope, endpoint).claim == other.delivery.claim

    def test_that_was_none_does_not_undo_what_another_did(self, endpoint: WebhookEndpoint, receiver: Receiver) -> None:
        receiver.will_answer(500)
        envelope = happened()
        slow = claiming.claim(endpoint.id, now=NOW)
        assert slow is not None
        sending.send_next(endpoint.id, now=NOW + timedelta(seconds=121))  # answered 500
        send_all(endpoint, now=NOW + timedelta(seconds=122))

        sending._settle(slow, posting.Result(500, 121_000, error="answered 500"), NOW + timedelta(seconds=123))

        assert delivery_of(envelope, endpoint).state == "succeeded"
        assert WebhookAttempt.objects.count() == 3


class TestReceiver:
    def test_that_is_gone_is_disabled_at_once(self, endpoint: WebhookEndpoint, receiver: Receiver) -> None:
        receiver.will_answer(410)
        first, second = happened(), happened()

        assert send_all(endpoint) == 1

        endpoint.refresh_from_db()
        assert (endpoint.state, endpoint.disabled_because) == ("disabled", "gone")
        assert delivery_of(first, endpoint).failed_because == "gone"
        assert delivery_of(second, endpoint).failed_because == "endpoint_disabled"

    def test_that_keeps_failing_rests_longer_and_longer_and_is_then_tried_once(
        self, endpoint: WebhookEndpoint, receiver: Receiver, settings: Any
    ) -> None:
        settings.WEBHOOK_REST_AFTER, settings.WEBHOOK_REST_BASE_S = 3, 60.0
        receiver.will_answer(*[500] * 4)
        for _ in range(5):
            happened()

        assert send_all(endpoint) == 3
        assert send_all(endpoint, now=NOW + timedelta(seconds=59)) == 0
        health = WebhookHealth.objects.get()
        assert health.resting_until > NOW + timedelta(seconds=60)

        assert claiming.claim(endpoint.id, now=NOW + timedelta(seconds=121)) is not None
        assert claiming.claim(endpoint.id, now=NOW + timedelta(seconds=121)) is None

    def test_that_recovers_is_sent_everything(
        self, endpoint: WebhookEndpoint, receiver: Receiver, settings: Any
    ) -> None:
        settings.WEBHOOK_REST_AFTER = 2
        receiver.will_answer(500, 500)
        for _ in range(4):
            happened()
        assert send_all(endpoint) == 2

        assert send_all(endpoint, now=NOW + HOUR) == 4

        health = WebhookHealth.objects.get()
        assert (health.failures, health.failing_since, health.resting_until) == (0, None, None)

    def test_is_sent_only_so_much_at_a_time(self, endpoint: WebhookEndpoint, receiver: Receiver, settings: Any) -> None:
        settings.WEBHOOK_ENDPOINT_CONCURRENCY = 2
        for _ in range(3):
            happened()

        taken = [claiming.claim(endpoint.id, now=NOW) for _ in range(3)]

        assert [one is not None for one in taken] == [True, True, False]

    def test_of_a_tenant_with_many_leaves_room_for_other_tenants(
        self, in_tenant: UUID, other_tenant_id: UUID, make_endpoint: Make, settings: Any
    ) -> None:
        settings.WEBHOOK_TENANT_CONCURRENCY = 2
        mine = [make_endpoint() for _ in range(3)]
        with tenant(other_tenant_id):
            theirs = make_endpoint()
            happened()
        happened()

        assert [claiming.claim(one.id, now=NOW) is not None for one in mine] == [True, True, False]
        with tenant(other_tenant_id):
            assert claiming.claim(theirs.id, now=NOW) is not None

    def test_that_is_slow_has_its_turn_and_no_more(self, endpoint: WebhookEndpoint, settings: Any) -> None:
        settings.WEBHOOK_TURN_S = 0.0
        happened()
        happened()

        assert sending.send_due(endpoint.id, clock=lambda: NOW) is True

        assert WebhookDelivery.objects.filter(state="succeeded").count() == 1

    def test_of_another_tenant_is_sent_nothing(
        self, endpoint: WebhookEndpoint, other_tenant_id: UUID, receiver: Receiver
    ) -> None:
        happened()

        with tenant(other_tenant_id):
            assert send_all(endpoint) == 0

        assert receiver.received == []


class TestAddress:
    @pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.7", "169.254.169.254"])
    def test_of_our_own_network_is_not_called(
        self, in_tenant: UUID, settings: Any, monkeypatch: pytest.MonkeyPatch, address: str
    ) -> None:
        connected = outside(settings, monkeypatch, address)
        issued = commands.create_endpoint(url="https://shop.example/", event_types=["*"], actor=ADA, now=NOW)
        envelope = happened()

        sending.send_next(issued.endpoint.id, now=NOW)

        assert connected == []
        delivery = delivery_of(envelope, issued.endpoint)
        assert (delivery.state, delivery.last_error[:15]) == ("pending", "address_refused")

    def test_is_the_one_that_was_judged_even_if_the_name_leads_elsewhere_a_moment_later(
        self, in_tenant: UUID, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        connected = outside(settings, monkeypatch, "93.184.215.14", "127.0.0.1")
        issued = commands.create_endpoint(url="https://shop.example/", event_types=["*"], actor=ADA, now=NOW)
        happened()

        sending.send_next(issued.endpoint.id, now=NOW)

        assert connected == ["93.184.215.14"]


class TestSecret:
    def test_that_was_replaced_signs_beside_the_new_one_until_it_ends(
        self, in_tenant: UUID, receiver: Receiver
    ) -> None:
        old = commands.create_endpoint(url=receiver.url, event_types=["*"], actor=ADA, now=NOW)
        new = commands.rotate_secret(endpoint_id=old.endpoint.id, overlap_s=3600, actor=ADA, now=NOW)

        happened()
        send_all(old.endpoint)
        happened()
        send_all(old.endpoint, now=NOW + 2 * HOUR)

        during, after = receiver.received
        assert signed_by(during, old.secret, new.secret) == [True, True]
        assert signed_by(after, old.secret, new.secret) == [False, True]

    def test_can_end_at_once(self, in_tenant: UUID, receiver: Receiver) -> None:
        old = commands.create_endpoint(url=receiver.url, event_types=["*"], actor=ADA, now=NOW)
        new = commands.rotate_secret(endpoint_id=old.endpoint.id, overlap_s=0, actor=ADA, now=NOW)

        happened()
        send_all(old.endpoint)

        assert signed_by(receiver.received[0], old.secret, new.secret) == [False, True]
        assert len(keys.good(old.endpoint.id, now=NOW)) == 1

    def test_is_each_webhooks_own(self, in_tenant: UUID, make_endpoint: Make) -> None:
        one, other = make_endpoint(), make_endpoint()

        assert keys.opened(one.id, now=NOW) != keys.opened(other.id, now=NOW)


class TestRetryAfter:
    @pytest.mark.parametrize(
        ("value", "seconds"),
        [
            ("120", 120),
            ("Mon, 30 Nov 2026 12:02:00 GMT", 120),
            ("Mon, 30 Nov 2026 11:00:00 GMT", 0),
            ("9999999999", 86_400),
            ("-5", 0),
            ("soon", 0),
            ("²", 0),
            ("", 0),
        ],
    )
    def test_is_understood_and_bounded(self, value: str, seconds: float) -> None:
        assert posting.retry_after_s(value, at=NOW) == seconds


def uuid(number: int) -> UUID:
    return UUID(int=number)


def signed_by(got: Received, *secrets: str) -> list[bool]:
    timestamp = int(got.headers["webhook-timestamp"])
    sent = got.headers["webhook-signature"].split()
    own = [
        signing.signature(
            msgspec.json.decode(f'"{secret.removeprefix("whsec_")}"', type=bytes),
            message_id=got.id,
            timestamp=timestamp,
            body=got.body,
        )
        for secret in secrets
    ]
    return [one in sent for one in own]
