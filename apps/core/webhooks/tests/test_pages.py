"""The console's webhooks."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from apps.core.webhooks import queries
from apps.core.webhooks.models import WebhookDelivery, WebhookEndpoint
from apps.core.webhooks.tests.conftest import PLACED, happened, send_all
from apps.core.webhooks.tests.receiver import Receiver

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(in_tenant: UUID, caller: Callable[..., Any]) -> Client:
    return Client(headers={"authorization": f"Bearer {caller('manager').token()}", "accept": "text/html"})


def text(response: Any) -> str:
    return response.content.decode()


class TestWebhooks:
    def test_are_made_and_their_secret_is_shown_once(self, browser: Client, receiver: Receiver) -> None:
        assert "No webhooks yet" in text(browser.get("/webhooks/"))
        assert "Everything about business.orders" in text(browser.get("/webhooks/new"))

        shown = browser.post("/webhooks/new", {"url": receiver.url, "event_types": ["business.orders.*"]})

        assert re.search(r"whsec_[A-Za-z0-9+/]{40,}", text(shown))
        endpoint = WebhookEndpoint.objects.get()
        page = text(browser.get(f"/webhooks/{endpoint.id}/"))
        assert "whsec_" not in page
        assert "Nothing was sent yet" in page
        assert "business.orders.*" in text(browser.get("/webhooks/"))

    def test_say_what_is_wrong_beside_the_field(self, browser: Client) -> None:
        refused = browser.post("/webhooks/new", {"url": "ftp://hooks.example.com", "event_types": ["*"]})

        assert refused.status_code == 422
        assert "is no address of a web server" in text(refused)

    def test_are_changed_and_say_when_somebody_was_faster(self, browser: Client, endpoint: WebhookEndpoint) -> None:
        path = f"/webhooks/{endpoint.id}/edit"
        wished = {"url": endpoint.url, "event_types": ["*"], "description": "CRM", "version": 1}

        assert re.search(r'value="\*"\s+checked', text(browser.get(path)))
        assert browser.post(path, wished)["Location"] == f"/webhooks/{endpoint.id}/"
        assert browser.post(path, wished).status_code == 409

    def test_are_paused_deleted_and_restored(self, browser: Client, endpoint: WebhookEndpoint) -> None:
        path = f"/webhooks/{endpoint.id}/"

        browser.post(f"{path}state", {"state": "paused"})
        assert "Deliveries wait until it is enabled" in text(browser.get(path))
        browser.post(f"{path}state", {"state": "asleep"})
        assert browser.post(f"{path}deletion")["Location"] == "/webhooks/"
        assert "Nothing is posted there any more" in text(browser.get(path))
        browser.post(f"{path}restoration")

        assert WebhookEndpoint.objects.get().state == "paused"

    def test_get_another_secret(self, browser: Client, endpoint: WebhookEndpoint) -> None:
        shown = browser.post(f"/webhooks/{endpoint.id}/secret-rotation", {"overlap_s": "0"})

        assert "whsec_" in text(shown)


class TestDeliveries:
    def test_are_followed_while_they_are_on_their_way(
        self, browser: Client, endpoint: WebhookEndpoint, receiver: Receiver
    ) -> None:
        sent = browser.post(f"/webhooks/{endpoint.id}/test", {"event_type": PLACED})
        assert "every 2s" in text(browser.get(sent["Location"]))
        assert "every 3s" in text(browser.get(f"/webhooks/{endpoint.id}/"))

        receiver.will_answer(500, body=b"<b>no</b>")
        send_all(endpoint, now=WebhookDelivery.objects.get().next_at)

        page = text(browser.get(sent["Location"]))
        assert "every 2s" not in page
        assert "&lt;b&gt;no&lt;/b&gt;" in page
        assert "webhook-signature" in page
        assert "tests are tried once" in page

    def test_are_narrowed_and_sent_again(self, browser: Client, endpoint: WebhookEndpoint, receiver: Receiver) -> None:
        happened()
        send_all(endpoint)
        path, delivery = f"/webhooks/{endpoint.id}/", WebhookDelivery.objects.get()

        assert "None fits" in text(browser.get(f"{path}?state=failed"))
        assert PLACED in text(browser.get(f"{path}?state=succeeded"))
        browser.post(f"{path}deliveries/{delivery.id}/replay")

        assert WebhookDelivery.objects.get().state == "pending"

    def test_are_replayed_since_an_instant(self, browser: Client, endpoint: WebhookEndpoint) -> None:
        path = f"/webhooks/{endpoint.id}/"

        browser.post(f"{path}replays", {"since": "2026-01-01T00:00", "which": "failed"})
        assert "0 of 0" in text(browser.get(path))
        browser.post(f"{path}replays", {"since": "whenever"})

        assert queries.replays(endpoint.id).count() == 1
