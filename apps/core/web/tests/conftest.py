from __future__ import annotations

from collections.abc import Iterator

import pytest

from apps.core.web.tests.running import Server, running


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server for requests that do not disturb each other."""
    with running(
        tmp_path_factory.mktemp("web"),
        WEB_THREADS="4",
        WEB_MAX_BODY_BYTES="6000000",
        WEB_BODY_MEMORY_BYTES="100000",
    ) as server:
        yield server


@pytest.fixture(scope="session")
def strict_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Small limits and short waits: two threads, one place in the queue."""
    with running(
        tmp_path_factory.mktemp("strict"),
        WEB_THREADS="2",
        WEB_QUEUE="1",
        WEB_MAX_BODY_BYTES="1000",
        WEB_MAX_HEAD_BYTES="4000",
        WEB_HEAD_TIMEOUT_S="0.5",
        WEB_BODY_IDLE_TIMEOUT_S="0.5",
        WEB_SEND_TIMEOUT_S="1.5",
        WEB_KEEPALIVE_S="1",
    ) as server:
        yield server
