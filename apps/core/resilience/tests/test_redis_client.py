"""Redis that does not answer is not waited for by each command anew."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from django.core.cache.backends.base import BaseCache
from django_redis.cache import RedisCache
from django_redis.exceptions import ConnectionInterrupted
from redis.exceptions import RedisError

from config.settings.cache import CACHES

AWAY = (ConnectionInterrupted, RedisError)  # what callers expect


@pytest.fixture
def hanging() -> Iterator[socket.socket]:
    """Takes connections and says nothing, as a machine does whose Redis was stopped in the middle."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


def test_fails_at_once_when_the_commands_before_were_not_answered(hanging: socket.socket) -> None:
    cache = at(hanging.getsockname()[1])

    for _ in range(5):
        with pytest.raises(AWAY, match="Timeout"):
            cache.get("x")
    connections = accepted(hanging)
    for _ in range(3):
        with pytest.raises(AWAY, match="not asked"):
            cache.get("x")

    assert connections >= 5
    assert accepted(hanging) == 0


def at(port: int) -> BaseCache:
    """What settings say of a cache, at another address and with less patience."""
    options = {**CACHES["sessions"]["OPTIONS"], "SOCKET_TIMEOUT": 0.02}
    return RedisCache(f"redis://127.0.0.1:{port}/0", {"OPTIONS": options})


def accepted(server: socket.socket) -> int:
    count = 0
    while True:
        try:
            server.accept()[0].close()
        except BlockingIOError:
            return count
        count += 1
