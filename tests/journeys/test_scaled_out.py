"""A platform with two web processes, a read replica, and Kafka between its log and its consumers."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx2
import psycopg
import pytest
from confluent_kafka import Consumer

from apps.core.embedded.postgres import PostgresServer, Replica
from tests.journeys.client import ApiClient, order_for
from tests.journeys.installation import Installation, installed
from tests.journeys.waiting import until

TOKEN = "X-Consistency-Token"
LIFETIME_S, FRESH_S = 300, 10
MANY = 50
_CSRF = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
MEMBERS = {"eventId", "eventType", "aggregateId", "aggregateType", "payload", "metadata", "version", "timestamp"}


@pytest.fixture(scope="module")
def installation(first_start: Path) -> Iterator[Installation]:
    sizes = {"WEB_PROCESSES": "2", "REPLICAS": "1", "EVENTS_TRANSPORT": "kafka"}
    # People's access tokens are to be refreshed soon after they were made.
    tokens = {"ACCESS_TOKEN_LIFETIME_S": str(LIFETIME_S), "BFF_REFRESH_BEFORE_EXPIRY_S": str(LIFETIME_S - FRESH_S)}
    with installed(first_start, **sizes, **tokens) as own:
        yield own.start()


@pytest.fixture
def api(installation: Installation) -> Iterator[ApiClient]:
    client = ApiClient.of(installation)
    yield client
    client.close()


@pytest.fixture
def stranger(installation: Installation) -> Iterator[ApiClient]:
    """Another program, which has not written anything that it knows of."""
    client = ApiClient.of(installation)
    client.forget()
    yield client
    client.close()


@pytest.fixture
def browser(installation: Installation) -> Iterator[httpx2.Client]:
    """A manager's browser."""
    with httpx2.Client(base_url=installation.base_url, follow_redirects=True, timeout=60, trust_env=False) as client:
        account = installation.account("acme", "manager")
        page = client.get("/auth/login")
        form = {"email": account["email"], "password": account["password"], "next": page.url.params["next"]}
        csrf = _CSRF.search(page.text)
        assert csrf is not None
        arrived = client.post("/sign-in/", data={**form, "csrfmiddlewaretoken": csrf[1]})
        assert arrived.status_code == 200
        yield client


@pytest.fixture(scope="module")
def replica(installation: Installation) -> Replica:
    """The platform's own standby, spoken to as its superuser."""
    data = installation.state.data.resolve()
    first, *_ = installation.shared("DATABASE_REPLICA_URLS").split(",")
    primary = PostgresServer(data / "postgres", port=_port(installation.shared("DATABASE_URL")))
    return Replica(primary, data / "replica-1", port=_port(first))


class TestPausedReplica:
    def test_shows_a_caller_his_own_write_and_others_the_past(self, installation, api, stranger, replica):
        with paused(replica):
            written = api.request("POST", "products", json=_wish())
            path = f"products/{written.json()['data']['id']}"
            until(lambda: stranger.request("GET", path).status_code == 404, "reads go to the replica")

            by_cookie = api.request("GET", path)
            by_header = stranger.request("GET", path, headers={TOKEN: written.headers[TOKEN]})
            forged = stranger.request("GET", path, headers={TOKEN: "1~forged"})

            assert (by_cookie.status_code, by_header.status_code) == (200, 200)
            assert forged.status_code == 200, "a token that cannot be read means: ask the primary"
            assert stranger.request("GET", path).status_code == 404

        until(lambda: stranger.request("GET", path).status_code == 200, "the replica has caught up")

    def test_answers_a_writer_from_what_he_wrote(self, api, replica):
        with paused(replica):
            product = api.new_product(stock=7)
            order = api.post("orders", order_for(product, 3))

            assert api.on_hand(product["id"]) == 4
            assert api.get(f"orders/{order['id']}")["total_minor"] == order["total_minor"]

    def test_gives_browsers_their_token_in_a_cookie_that_scripts_cannot_read(self, api):
        answer = api.request("POST", "products", json=_wish())

        (cookie,) = [value for value in answer.headers.get_list("set-cookie") if value.startswith("consistency=")]
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie


class TestDeadReplica:
    def test_is_not_missed_and_comes_back(self, installation, api, stranger, replica):
        product = api.new_product(stock=100)
        control = replica.data_dir / "global" / "pg_control"
        away = control.with_suffix(".away")
        control.rename(away)  # so that it cannot come back
        try:
            os.kill(installation.pids()["replica-1"], signal.SIGKILL)

            for _ in range(20):
                order = api.post("orders", order_for(product))
                assert api.get(f"orders/{order['id']}")["id"] == order["id"]
                assert stranger.get("products")
            assert not replica.is_streaming()
            assert api.on_hand(product["id"]) == 80
            assert installation.told()["ready"]
        finally:
            away.rename(control)

        until(replica.is_streaming, "the replica follows again", reasons=installation.reasons)
        assert "replica-1 was ended by signal SIGKILL" in installation.said


class TestKafka:
    def test_carries_an_order_from_the_log_to_the_list(self, installation, api):
        order = api.post("orders", order_for(api.new_product(stock=5), 2))

        (row,) = until(lambda: api.get("orders", number=order["number"]), "the order is listed")
        assert row["total_minor"] == order["total_minor"]
        (told,) = api.get(f"orders/{order['id']}/events")
        message = _message(installation, "business.orders", told["event_id"])
        assert message["key"] == order["id"]
        assert set(message["value"]) == MEMBERS
        assert (message["value"]["eventType"], message["value"]["aggregateType"]) == ("OrderPlaced", "Order")
        assert message["value"]["metadata"]["tenantId"] == installation.tenant("acme")["id"]

    def test_of_our_own_is_marked_as_memory_only(self, installation):
        assert "MEMORY ONLY" in installation.said

    def test_gives_each_event_its_effect_once_when_the_worker_dies(self, installation, api):
        product = api.new_product(stock=50)
        customer = api.post("customers", {"code": uuid4().hex[:12], "name": "Kim Kafka"})
        wish = order_for(product) | {"customer_id": customer["id"]}
        orders = [api.post("orders", wish) for _ in range(5)]
        before = installation.pids()["worker"]

        os.kill(before, signal.SIGKILL)
        orders += [api.post("orders", wish) for _ in range(5)]

        def listed() -> list[str]:
            rows = [row["id"] for row in api.every("orders", customer_id=customer["id"])]
            return sorted(rows) if len(rows) >= len(orders) else []

        assert until(listed, "all orders are listed") == sorted(order["id"] for order in orders)
        assert installation.pids()["worker"] != before


class TestFiftyRequestsWhenTheAccessTokenEnds:
    """As of a page that asks fifty things at once."""

    def test_refresh_it_once_and_sign_nobody_out(self, installation, browser):
        before = refresh_tokens(installation)
        time.sleep(FRESH_S + 1)  # until the token is near its end: the clock is what is awaited
        together, cookies = Barrier(MANY, timeout=60), dict(browser.cookies)

        def ask(_: int) -> int:
            with httpx2.Client(base_url=installation.base_url, cookies=cookies, timeout=60, trust_env=False) as tab:
                together.wait()
                return tab.get("/api/v1/me").status_code

        with ThreadPoolExecutor(MANY) as pool:
            statuses = list(pool.map(ask, range(MANY)))

        assert statuses == [200] * MANY
        assert (before, refresh_tokens(installation)) == ([True], [False, True])
        assert browser.get("/auth/session").json()["signedIn"] is True
        assert browser.get("/api/v1/me").status_code == 200


def refresh_tokens(installation: Installation) -> list[bool]:
    """Of each refresh token that anybody ever got in a browser's session, whether it is still good."""
    with psycopg.connect(installation.shared("DATABASE_URL")) as connection:
        rows = connection.execute(
            "select revoked is null from oidc_refreshtoken where sid is not null order by created"
        )
        return [bool(alive) for (alive,) in rows]


@contextmanager
def paused(replica: Replica) -> Iterator[None]:
    """The standby receives changes and shows none of them, until the block ends."""
    until(replica.is_streaming, "the replica follows")
    replica.pause_replay()
    try:
        yield
    finally:
        replica.resume_replay()


def _message(installation: Installation, topic: str, event_id: str) -> dict[str, Any]:
    """The message with that event, read by somebody who has nothing to do with the platform."""
    settings = {
        "bootstrap.servers": installation.shared("KAFKA_BOOTSTRAP_SERVERS"),
        "group.id": f"test-{uuid4().hex}",
        "auto.offset.reset": "earliest",
    }
    consumer = Consumer(settings)
    consumer.subscribe([topic])

    def found() -> dict[str, Any]:
        message = consumer.poll(1.0)
        if message is None or message.error():
            return {}
        value = json.loads(message.value())
        return {"key": message.key().decode(), "value": value} if value["eventId"] == event_id else {}

    try:
        return until(found, f"{event_id} is in {topic}")
    finally:
        consumer.close()


def _wish() -> dict[str, str]:
    return {"sku": f"R-{uuid4().hex[:8]}", "name": "Replicated", "unit_price": "1.0000", "currency": "GBP"}


def _port(url: str) -> int:
    port = urlsplit(url).port
    assert port is not None
    return port
