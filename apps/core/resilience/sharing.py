"""What the processes tell one another through Redis, once a second: how their dependencies do, which circuits have just
opened, and what an operator has forced.

A circuit that opened elsewhere opens none here: it may be that process's network. It only lets half the evidence do.
While Redis is away each process goes on by itself with what it knew.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from django.conf import settings
from redis import Redis
from redis.exceptions import RedisError

from apps.core.observability import get_logger
from apps.core.resilience.breaker import State
from apps.core.resilience.registry import dependencies, dependency
from apps.core.resilience.standing import Report, standing_of

EVERY_S = 1.0
FORCED, OPENINGS, PROCESSES = "resilience.forced", "resilience.openings", "resilience.processes"
_TOLD = "."  # is no dependency's name: what is forced was told, if only that nothing is
_WARNED_FOR_S = 10.0
_SILENT_AFTER_S = 10.0
_FORCEABLE = {state.encode(): state for state in (State.OPEN, State.CLOSED)}
_logger = get_logger("resilience")


class _Opening(msgspec.Struct, frozen=True):
    dependency: str
    address: str
    process: str
    until: float


class Sharing:
    """One process's part in it."""

    def __init__(self, redis: Redis, process: str) -> None:
        self._redis, self._process = redis, process
        self._is_away = False
        self._forced: Mapping[bytes, bytes] = {}

    def run(self, halted: threading.Event) -> None:
        """Until it is halted. Nothing that goes wrong ends it."""
        while not halted.is_set():
            try:
                self.exchange(time.time())
                self._is_away = False
            except RedisError as error:
                if not self._is_away:
                    _logger.warning("resilience.not_shared", error=repr(error))
                self._is_away = True
            except Exception:
                _logger.exception("resilience.sharing_failed")
            halted.wait(EVERY_S)

    def exchange(self, now: float) -> None:
        """Tell and hear. One round trip. Raises RedisError."""
        for one in dependencies():
            one.sample()
        report = Report(self._process, now, tuple(standing_of(one) for one in dependencies() if one.circuits))
        with self._redis.pipeline(transaction=False) as told:
            told.hgetall(FORCED)
            told.hgetall(OPENINGS)
            if report.standings:
                told.hset(PROCESSES, self._process, msgspec.json.encode(report))
            for opening in self._own_openings(now):
                told.hset(OPENINGS, f"{opening.dependency} {opening.address}", msgspec.json.encode(opening))
            forced, openings, *_ = told.execute()
        self._obey(forced)
        self._heed(openings, now)

    def _own_openings(self, now: float) -> Iterator[_Opening]:
        for one in dependencies():
            for address, circuit in list(one.circuits.items()):
                if circuit.state_now() is State.OPEN:
                    until = now + circuit.retry_after_s() + _WARNED_FOR_S
                    yield _Opening(one.name, address, self._process, until)

    def _obey(self, forced: Mapping[bytes, bytes]) -> None:
        if forced and forced != self._forced:  # nothing at all: Redis has forgotten, and will be told again
            self._forced = forced
            for one in dependencies():
                one.forced = _FORCEABLE.get(forced.get(one.name.encode(), b""))

    def _heed(self, openings: Mapping[bytes, bytes], now: float) -> None:
        for place, text in openings.items():
            opening = msgspec.json.decode(text, type=_Opening)
            known = dependency(opening.dependency)
            if opening.until < now:
                self._redis.hdel(OPENINGS, place)
            elif known is not None and opening.process != self._process:
                known.warn(opening.address, known.world.now() + opening.until - now)


def force(forced: Mapping[str, str]) -> None:
    """Have every process obey these states by dependency, and no others: within a second or so. Raises RedisError."""
    with _redis().pipeline(transaction=True) as told:
        told.delete(FORCED)
        told.hset(FORCED, _TOLD, "1")
        for name, state in forced.items():
            told.hset(FORCED, name, state)
        told.execute()


def reports(now: float) -> list[Report]:
    """What the processes told that were heard of a moment ago. Raises RedisError."""
    found = [msgspec.json.decode(text, type=Report) for text in _redis().hgetall(PROCESSES).values()]
    silent = [one.process for one in found if now - one.at > _SILENT_AFTER_S]
    if silent:
        _redis().hdel(PROCESSES, *silent)
    return sorted((one for one in found if one.process not in silent), key=lambda one: one.process)


def start_worker(**_: Any) -> None:
    """As `start`, for a process of a Celery worker."""
    start("worker")


def start(kind: str = "web") -> None:
    """Take part, from a thread of its own until the process ends: after any fork. Safe to repeat."""
    if _Running.thread is None:
        sharing = Sharing(_redis(), f"{kind} {socket.gethostname()}:{os.getpid()}")
        _Running.thread = threading.Thread(
            target=sharing.run, args=(threading.Event(),), name="resilience", daemon=True
        )
        _Running.thread.start()


def _redis() -> Redis:
    """Past the kernel: what is told of a Redis that is left alone must still get through once it is back."""
    timeout_s = settings.REDIS_TIMEOUT_S
    if _Running.redis is None:
        _Running.redis = Redis.from_url(settings.REDIS_URL, socket_timeout=timeout_s, socket_connect_timeout=timeout_s)
    return _Running.redis


class _Running:
    thread: threading.Thread | None = None
    redis: Redis | None = None


def _forget_after_fork() -> None:
    _Running.thread = _Running.redis = None


os.register_at_fork(after_in_child=_forget_after_fork)
