"""Worker, relay and beat can be probed and measured where they are alone in a pod."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any

import pytest
from prometheus_client import Counter

from apps.core.observability.port import offer_port, serve

_SEEN = Counter("operations_port_test", "Of this test.")


@pytest.fixture
def ask() -> Iterator[Any]:
    server = serve(0)

    def answer(path: str, method: str = "GET") -> tuple[int, bytes]:
        connection = HTTPConnection("127.0.0.1", server.server_port, timeout=5)
        connection.request(method, path)
        response = connection.getresponse()
        return response.status, response.read()

    yield answer
    server.shutdown()
    server.server_close()


class TestOperationsPort:
    def test_says_that_the_process_is_alive_and_what_it_measures(self, ask: Any) -> None:
        _SEEN.inc(3)

        assert (ask("/livez")[0], json.loads(ask("/livez")[1])) == (200, {"status": "alive"})
        assert b"operations_port_test_total 3.0" in ask("/metrics")[1]
        assert ask("/livez", "HEAD") == (200, b"")

    def test_tells_and_does_nothing_else(self, ask: Any) -> None:
        assert ask("/api/v1/me")[0] == 404
        assert ask("/metrics", "POST")[0] == 501

    def test_is_off_where_none_is_given(self, settings: Any) -> None:
        settings.OPERATIONS_PORT = 0

        assert offer_port() is None

    def test_that_is_taken_stops_no_work(self, settings: Any, ask: Any) -> None:
        with socket.create_server(("0.0.0.0", 0)) as taken:
            settings.OPERATIONS_PORT = taken.getsockname()[1]

            assert offer_port() is None
