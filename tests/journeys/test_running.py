"""A whole platform is started, looked at, stopped, hurt and started again. What was acknowledged is never lost."""

from __future__ import annotations

import json
import socket
import stat
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from apps.core.embedded import ports
from tests.drills.killing import drill, each_once
from tests.journeys.client import ApiClient, order_for
from tests.journeys.installation import Installation, installed
from tests.journeys.waiting import until

OWN = {"supervisor", "postgres", "redis", "cache-redis", "web", "worker", "bulk", "relay", "beat"}
STOCK = 100_000
# Its first try is still under way, or a database is away for a moment.
TRY_AGAIN = (409, 503)
BOTH = {"business.order_summary", "business.daily_revenue"}


@pytest.fixture(scope="module")
def installation(first_start: Path) -> Iterator[Installation]:
    """One for this file, kept from test to test: each finds it running or not."""
    with installed(first_start) as own:
        yield own


@pytest.fixture
def running(installation: Installation) -> Installation:
    return installation.start()


@pytest.fixture
def api(running: Installation) -> Iterator[ApiClient]:
    client = ApiClient.of(running)
    yield client
    client.close()


class TestRunning:
    def test_tells_scripts_where_it_is_and_nobody_else(self, running):
        told = running.told()

        assert stat.S_IMODE(running.state.platform.stat().st_mode) == 0o600
        assert set(running.pids()) == OWN
        assert [tenant["slug"] for tenant in told["tenants"]] == ["acme", "globex"]
        for tenant in told["tenants"]:
            assert [account["role"] for account in tenant["accounts"]] == ["owner", "manager", "clerk", "viewer"]
            assert tenant["api_client"]["token_url"] == f"{told['base_url']}/oidc/token"
            for account in tenant["accounts"]:
                until(lambda secret=account["password"]: secret in running.said, "the screen shows the accounts")

    @pytest.mark.parametrize("path", ["livez", "startupz", "readyz"])
    def test_answers_probes(self, running, path):
        answer = httpx2.get(f"{running.base_url}/{path}", timeout=30)

        assert answer.status_code == 200, answer.text
        assert answer.json()["status"] in ("alive", "ready", "started")
        assert all(check["ok"] for check in answer.json().get("checks", []))

    def test_shows_metrics(self, running, api):
        api.get("me")
        counted = "django_http_responses_total_by_status"

        def families() -> dict[str, Any]:
            text = httpx2.get(f"{running.base_url}/metrics", timeout=30).text
            return {family.name: family for family in text_string_to_metric_families(text)}

        found = until(lambda: families().get(counted), "responses are counted")
        assert any(sample.labels == {"status": "200"} and sample.value >= 1 for sample in found.samples)
        assert until(lambda: families().get("jobs"), "the sweep has counted jobs, in a worker")

    def test_serves_documentation_and_schema(self, running):
        assert httpx2.get(f"{running.base_url}/api/docs", timeout=60).status_code == 200
        schema = httpx2.get(f"{running.base_url}/api/schema", headers={"Accept": "application/json"}, timeout=60)
        assert schema.json()["openapi"].startswith("3.")


class TestOneTrace:
    def test_leads_from_the_answer_to_the_consumers_line(self, running, api):
        tenant_id = running.tenant("acme")["id"]
        answer = api.request("POST", "orders", json=order_for(api.new_product(stock=1)))
        trace = answer.headers["x-trace-id"]
        assert answer.json()["traceId"] == trace

        lines = until(lambda: _both_groups(running, trace), "both consumers have said so")
        assert {line["group"] for line in lines} == BOTH
        assert {line["tenant_id"] for line in lines} == {tenant_id}
        (request,) = [line for line in running.log("web") if line.get("trace_id") == trace]
        assert (request["method"], request["path"], request["status"]) == ("POST", "/api/v1/orders", 201)
        assert request["tenant_id"] == tenant_id
        order = answer.json()["data"]
        assert [event["correlation_id"] for event in api.get(f"orders/{order['id']}/events")] == [trace]
        change = api.get("changes", q=order["id"])[0]
        assert change["trace_id"] == trace

    @pytest.mark.parametrize("name", ["web", "relay"])
    def test_is_in_logs_that_are_json_line_by_line(self, running, api, name):
        api.get("me")

        for line in running.log_lines(name):
            assert {"event", "level", "timestamp"} <= set(json.loads(line)), line

    def test_keeps_secrets_out_of_the_logs(self, running, api):
        secrets = [account["password"] for slug in ("acme", "globex") for account in running.tenant(slug)["accounts"]]
        secrets += [running.tenant(slug)["api_client"]["client_secret"] for slug in ("acme", "globex")]
        secrets += [word for word in json.loads(running.state.secrets.read_text()).values() if len(word) > 8]

        for log in running.state.log.glob("*.log"):
            text = log.read_text(errors="replace")
            assert [secret for secret in secrets if secret in text] == [], log


class TestStopping:
    def test_ends_everything_by_itself_and_the_next_start_has_all_that_was_acknowledged(self, running, api):
        """Orders are being placed when it is asked to stop: each gets its answer, or none and no effect. When it starts
        again its port is taken.
        """
        buyers, accounts = Buyers(running, api), accounts_of(running)

        with buyers:
            until(lambda: len(buyers.placed) > 10, "orders are being placed")
            said = running.stop()

        assert_ended(running, said)
        assert buyers.refused <= {"ConnectError", "RemoteProtocolError", "ReadError", 503}
        with socket.create_server(("127.0.0.1", 8000)) if ports.is_free(8000) else socket.socket():
            running.start(PORT="")
        assert_at_the_next_port(running)
        assert accounts_of(running) == accounts
        assert_has(running, buyers)


class TestStarting:
    def test_after_a_crash_of_the_supervisor_finds_all_that_was_acknowledged(self, running, api):
        before = running.pids()
        orders = [api.post("orders", order_for(api.new_product(stock=1))) for _ in range(3)]

        running.kill()
        running.start()

        assert running.pids()["postgres"] != before["postgres"]
        assert not set(before.values()) & {process.pid for process in running.processes()}
        after = ApiClient.of(running)
        for order in orders:
            assert after.get(f"orders/{order['id']}")["number"] == order["number"]
            until(lambda number=order["number"]: after.get("orders", number=number), "the order is listed")
        after.close()


class TestKilling:
    def test_each_kind_of_process_once_under_load_loses_and_doubles_nothing(self, running):
        """A short form of `make drill`."""
        report = drill(running, each_once(running))

        assert report.faults == [], str(report)


def accounts_of(running: Installation) -> list[list[dict[str, str]]]:
    return [tenant["accounts"] for tenant in running.told()["tenants"]]


def assert_ended(stopped: Installation, said: str) -> None:
    assert stopped.exit_code == 0
    assert stopped.processes() == []
    assert ports.is_free(int(stopped.base_url.rpartition(":")[2]))
    assert "Stopping" in said
    assert "Warm shutdown" in "\n".join(stopped.log_lines("worker"))
    assert "database system is shut down" in stopped.log_lines("postgres")[-1]
    told = {"base_url": stopped.base_url, "ready": False, "tenants": [], "processes": []}
    assert stopped.told() | {"tenants": []} == told


def assert_at_the_next_port(running: Installation) -> None:
    """Programs and people get in at another address than at the first start, too."""
    assert 8000 < int(running.base_url.rpartition(":")[2]) < 8100
    assert "Port 8000 is taken" in running.said
    # Scripts may use the platform as soon as it is ready; the screen for people follows.
    until(lambda: running.base_url in running.said, "the screen shows the address")
    assert running.tenant("acme")["api_client"]["token_url"] == f"{running.base_url}/oidc/token"
    asked = httpx2.get(f"{running.base_url}/orders/", follow_redirects=True, timeout=30)
    assert (asked.status_code, asked.url.path) == (200, "/sign-in/"), asked.text


def assert_has(running: Installation, buyers: Buyers) -> None:
    """Every order that was answered, as it was answered, and in the list."""
    api = ApiClient.of(running)
    known = until(lambda: buyers.listed(api), "all orders are listed")
    assert set(buyers.placed) <= {row["id"] for row in known}
    order_id, order = next(iter(buyers.placed.items()))
    assert api.get(f"orders/{order_id}")["total_minor"] == order["total_minor"]
    api.close()


class Buyers:
    """Two people who place orders for a product, one after the other, until the block ends; they note what they get."""

    def __init__(self, running: Installation, api: ApiClient) -> None:
        mark = uuid4().hex[:8]
        self.product = api.new_product(stock=STOCK)
        self._customer = api.post("customers", {"code": f"B-{mark}", "name": f"Buyer {mark}"})
        self.placed: dict[str, dict[str, Any]] = {}
        self.refused: set[str | int] = set()
        self._running = running
        self._enough = threading.Event()
        self._pool = ThreadPoolExecutor(2)
        self._work: list[Future[None]] = []

    def __enter__(self) -> Buyers:
        self._work = [self._pool.submit(self._buy, ApiClient.of(self._running), pieces) for pieces in (1, 2)]
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        self._pool.shutdown()
        for work in self._work:
            work.result()

    def listed(self, api: ApiClient) -> list[dict[str, Any]]:
        """What the list of orders shows of theirs, once it shows as many as were acknowledged."""
        rows = list(api.every("orders", customer_id=self._customer["id"]))
        return rows if len(rows) >= len(self.placed) else []

    def _buy(self, client: ApiClient, pieces: int) -> None:
        while not self._enough.is_set():
            if order := self._attempt(client, pieces):
                self.placed[order["id"]] = order
        client.close()

    def _attempt(self, client: ApiClient, pieces: int) -> dict[str, Any]:
        wish = order_for(self.product, pieces) | {"customer_id": self._customer["id"]}
        try:
            answer = client.request("POST", "orders", json=wish)
        except httpx2.HTTPError as error:
            self.refused.add(type(error).__name__)
            return {}
        if answer.status_code == 201:
            return dict(answer.json()["data"])
        self.refused.add(answer.status_code)
        assert answer.status_code in TRY_AGAIN, answer.text
        return {}


def _both_groups(running: Installation, trace_id: str) -> list[dict[str, Any]]:
    """The read models' lines about an order's event, once both groups have written theirs."""
    lines = [line for line in running.log("worker") if line.get("trace_id") == trace_id and line.get("group") in BOTH]
    return lines if len({line["group"] for line in lines}) == 2 else []
