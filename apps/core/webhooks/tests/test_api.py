"""Webhooks over REST."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from apps.core.tenancy import tenant
from apps.core.webhooks.models import WebhookEndpoint
from apps.core.webhooks.tests.conftest import NOW, PLACED, delivery_of, happened, send_all
from apps.core.webhooks.tests.receiver import Receiver
from tests.callers import make_caller

pytestmark = pytest.mark.django_db
PATH = "/api/v1/webhooks"


@pytest.fixture
def api(api_client: Callable[..., Client]) -> Client:
    return api_client("manager")


@pytest.fixture
def made(api: Client, receiver: Receiver) -> dict[str, Any]:
    wished = {"url": receiver.url, "event_types": ["business.orders.*"], "description": "CRM"}
    return api.post(PATH, wished).json()["data"]


class TestWebhooks:
    def test_are_made_listed_changed_deleted_and_restored(self, api: Client, receiver: Receiver) -> None:
        created = api.post(PATH, {"url": receiver.url, "event_types": ["business.orders.*"]})
        data, path = created.json()["data"], created["Location"]
        assert (created.status_code, data["state"], data["secret"][:6]) == (201, "enabled", "whsec_")
        assert "no-store" in created["Cache-Control"]

        assert [one["id"] for one in api.get(PATH).json()["data"]] == [data["id"]]
        found = api.get(path)
        assert "secret" not in found.json()["data"]
        changed = api.patch(
            path, {"state": "paused"}, content_type="application/json", headers={"If-Match": found["ETag"]}
        )
        assert (changed.status_code, changed.json()["data"]["state"]) == (200, "paused")
        stale = api.patch(
            path, {"state": "enabled"}, content_type="application/json", headers={"If-Match": found["ETag"]}
        )
        assert stale.status_code == 412

        assert api.delete(path).status_code == 204
        assert api.get(PATH).json()["data"] == []
        assert [one["state"] for one in api.get(f"{PATH}?state=deleted").json()["data"]] == ["deleted"]
        assert api.post(f"{path}/restoration").json()["data"]["state"] == "paused"

    def test_say_what_is_wrong_with_a_wish(self, api: Client) -> None:
        response = api.post(PATH, {"url": "ftp://hooks.example.com", "event_types": ["business.orders.OrderEaten"]})

        problem = response.json()
        assert problem["code"] == "invalid_webhook"
        assert sorted(problem["errors"]) == ["event_types", "url"]

    def test_keep_a_secret_out_of_the_memory_for_repeated_requests(self, api: Client, receiver: Receiver) -> None:
        wished, headers = {"url": receiver.url, "event_types": ["*"]}, {"Idempotency-Key": "once"}

        first, again = api.post(PATH, wished, headers=headers), api.post(PATH, wished, headers=headers)

        assert first.json()["data"]["secret"]
        assert again.json()["data"]["secret"] is None
        assert len(api.get(PATH).json()["data"]) == 1

    def test_get_another_secret(self, api: Client, made: dict[str, Any]) -> None:
        response = api.post(f"{PATH}/{made['id']}/secret-rotation", {"overlap_s": 0})

        assert response.status_code == 201
        assert response.json()["data"]["secret"] not in (None, made["secret"])

    def test_ask_for_a_fresh_sign_in(self, tenant_id: UUID, receiver: Receiver, made: dict[str, Any]) -> None:
        caller = make_caller(tenant_id, "manager")
        old = Client(headers={"authorization": f"Bearer {caller.token(auth_time=1)}", "accept": "application/json"})

        wished = {"url": receiver.url, "event_types": ["*"]}
        assert old.post(PATH, wished, content_type="application/json").status_code == 401
        assert old.post(f"{PATH}/{made['id']}/secret-rotation", {}, content_type="application/json").status_code == 401

    def test_of_another_tenant_are_not_there(
        self, api_client: Callable[..., Client], other_tenant_id: UUID, made: dict[str, Any]
    ) -> None:
        theirs = api_client("owner", tenant_id=other_tenant_id)

        assert theirs.get(PATH).json()["data"] == []
        assert theirs.get(f"{PATH}/{made['id']}").status_code == 404
        assert theirs.post(f"{PATH}/{made['id']}/test", {"event_type": PLACED}).status_code == 404


class TestDeliveries:
    def test_are_listed_narrowed_shown_and_replayed(
        self, api: Client, tenant_id: UUID, receiver: Receiver, made: dict[str, Any]
    ) -> None:
        receiver.will_answer(500, body=b"no")
        with tenant(tenant_id):
            endpoint = WebhookEndpoint.objects.get()
            envelope = happened()
            send_all(endpoint)
            send_all(endpoint, now=NOW.replace(year=2027))
        path = f"{PATH}/{made['id']}/deliveries"

        (listed,) = api.get(f"{path}?state=succeeded&event_type={PLACED}&event_id={envelope.event_id}").json()["data"]
        assert (listed["event_id"], listed["attempts"]) == (str(envelope.event_id), 2)
        assert listed["next_attempt_at"] is None
        assert api.get(f"{path}?state=failed").json()["data"] == []

        one = api.get(f"{path}/{listed['id']}").json()["data"]
        assert [attempt["status"] for attempt in one["tried"]] == [500, 204]
        assert one["tried"][0]["response_excerpt"] == "no"
        assert one["tried"][0]["request_headers"]["webhook-id"] == str(envelope.event_id)
        assert '"eventType":"OrderPlaced"' in one["body"]

        again = api.post(f"{path}/{listed['id']}/replay")
        assert (again.status_code, again.json()["data"]["state"]) == (202, "pending")
        assert api.post(f"{path}/{listed['id']}/replay").json()["code"] == "webhook_delivery_is_pending"

    def test_of_another_webhook_are_not_found_below_this_one(
        self, api: Client, tenant_id: UUID, receiver: Receiver, made: dict[str, Any]
    ) -> None:
        other = api.post(PATH, {"url": receiver.url, "event_types": ["*"]}).json()["data"]
        with tenant(tenant_id):
            envelope = happened()
            found = delivery_of(envelope, WebhookEndpoint.objects.get(id=other["id"]))

        assert api.get(f"{PATH}/{made['id']}/deliveries/{found.id}").status_code == 404

    def test_can_be_tested(self, api: Client, made: dict[str, Any]) -> None:
        sent = api.post(f"{PATH}/{made['id']}/test", {"event_type": PLACED})

        assert (sent.status_code, sent.json()["data"]["test"]) == (202, True)
        assert api.get(sent["Location"]).json()["data"]["state"] == "pending"

    def test_are_replayed_by_a_job(self, api: Client, made: dict[str, Any]) -> None:
        path = f"{PATH}/{made['id']}/replays"

        asked = api.post(path, {"since": "2026-01-01T00:00:00Z"})

        assert (asked.status_code, asked.json()["data"]["which"]) == (202, "failed")
        assert [one["id"] for one in api.get(path).json()["data"]] == [asked.json()["data"]["id"]]
        assert api.get(f"/api/v1/services/iam/jobs/{asked.json()['data']['id']}").status_code == 200
        refused = api.post(path, {"since": "2126-01-01T00:00:00Z"})
        assert refused.json()["code"] == "invalid_webhook_replay"


class TestEventTypes:
    def test_say_how_they_are_asked_for(self, api: Client) -> None:
        known = {one["name"]: one for one in api.get("/api/v1/webhook-event-types").json()["data"]}

        placed = known[PLACED]
        assert placed["patterns"] == [PLACED, "business.orders.*", "business.*", "*"]
        assert "orderId" in placed["sample"]
        assert api.get(placed["schema_path"]).status_code == 200
