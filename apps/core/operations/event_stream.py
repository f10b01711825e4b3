"""GET /api/v1/services/{service}/events/stream: a tenant's events as they happen, as server-sent events.

A stream holds nothing but its place: it reads the log in batches on the requests' threads, as the tenant, and has at
most one batch in hand. Where threads are scarce it waits, and requests go first.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any, Protocol, TypeVar
from uuid import UUID

from django.conf import settings
from django.db import InterfaceError, OperationalError
from prometheus_client import Gauge

from apps.core.api.rendering import json_of
from apps.core.auth import Principal
from apps.core.auth.middleware import may_still
from apps.core.errors import TooManyRequests, Unavailable
from apps.core.events import tail
from apps.core.events.span import Wanted
from apps.core.events.tail import LogPlace
from apps.core.events.wakeups import wakeups_of
from apps.core.observability import get_logger
from apps.core.operations.event_ids import id_of
from apps.core.operations.event_log_api import EventOutput
from apps.core.operations.permissions import EventPermission
from apps.core.resilience.door import Priority
from apps.core.tenancy import tenant
from apps.core.web.admission import admitted
from apps.core.web.interfaces import Receive, Scope, Send
from apps.core.web.sse import EventStream, ServerSentEvent, in_thread
from apps.core.web.threads import PoolFull

IDLE_S = 15.0  # then it is looked whether the caller may listen yet, and the client told how far it has come
FRESH_S = 1.0  # so old may be what is known of the caller's permission when events are told
PAUSE_S = 0.1  # between two looks into the log, and before another try for a thread
RECONNECT_MS = 1000
_READERS = 2  # how many threads the streams of a process take at once
_RETRY_AFTER_S = 10
_open = Gauge("event_streams", "Streams of events that are open.", multiprocess_mode="livesum")
_logger = get_logger(__name__)
T = TypeVar("T")


class TooManyStreams(TooManyRequests):
    """You have as many streams open here as one caller may: close one, or come back later."""

    code = "too_many_streams"


class StreamsFull(Unavailable):
    """This process serves as many streams as it can: try again in a moment."""

    code = "streams_full"


@dataclass(frozen=True, slots=True)
class Reading:
    """What a client asked for, and where it stands."""

    service: str
    using: str
    tenant_id: UUID
    wanted: Wanted
    place: LogPlace


@dataclass(frozen=True, slots=True)
class Told:
    """A batch, ready to be sent."""

    events: list[ServerSentEvent]
    reading: Reading


class Source(Protocol):
    """What a stream asks of the process that it runs in."""

    async def read(self, reading: Reading) -> Told: ...

    async def may_still(self) -> bool: ...


class Streams:
    """Those that are open in this process, by caller."""

    def __init__(self) -> None:
        self._open: Counter[tuple[UUID, UUID]] = Counter()

    def require_room(self, principal: Principal) -> None:
        """Raises TooManyStreams, StreamsFull."""
        if self._open[_caller(principal)] >= settings.EVENTS_STREAMS_PER_CALLER:
            raise TooManyStreams(retry_after_s=_RETRY_AFTER_S)
        if self._open.total() >= settings.EVENTS_STREAMS:
            raise StreamsFull(retry_after_s=_RETRY_AFTER_S)

    @contextmanager
    def one_more(self, principal: Principal) -> Iterator[None]:
        self._open[_caller(principal)] += 1
        _open.set(self._open.total())
        try:
            yield
        finally:
            self._open[_caller(principal)] -= 1
            self._open += Counter()  # forgets who has none
            _open.set(self._open.total())


streams = Streams()


async def event_stream(scope: Scope, receive: Receive, send: Send) -> None:
    """The ASGI route. What the view of its path has agreed to, it left with the request."""
    request: Any = await admitted(scope, send)
    if request is not None:
        with streams.one_more(request.principal):
            await EventStream(scope, receive, send).run(events_of(request.reading, _InThreads(scope, request)))


async def events_of(reading: Reading, source: Source) -> AsyncIterator[ServerSentEvent]:
    """Ends when the caller may not listen any more, and when the database goes away; the client then comes again.

    Begins with the id of the place where it begins, so that a client which is cut off before the first event misses
    none either.
    """
    yield _mark(reading, retry_ms=RECONNECT_MS)
    try:
        with wakeups_of(reading.using).followed() as woken:
            async for event in _followed(reading, source, woken):
                yield event
    except (OperationalError, InterfaceError) as error:
        _logger.warning("event_stream.database_away", database=reading.using, error=repr(error))


async def _followed(reading: Reading, source: Source, woken: asyncio.Event) -> AsyncIterator[ServerSentEvent]:
    asked_at = told_at = time.monotonic()
    while True:
        woken.clear()  # before looking: what comes after that wakes it again
        told, now = await source.read(reading), time.monotonic()
        if now - asked_at > (FRESH_S if told.events else IDLE_S):
            if not await source.may_still():
                return
            asked_at = now
        for event in told.events:
            yield event
        has_moved, reading = told.reading != reading, told.reading
        if has_moved and not told.events and now - told_at > IDLE_S:
            yield _mark(reading)
        if told.events or now - told_at > IDLE_S:
            told_at = now
        if not has_moved:
            await _until(woken)


async def _until(woken: asyncio.Event) -> None:
    await asyncio.sleep(PAUSE_S)
    with suppress(TimeoutError):
        async with asyncio.timeout(IDLE_S):
            await woken.wait()


def read(reading: Reading) -> Told:
    """The next batch, as the API tells events. One statement, and those that find the keys of personal values."""
    with tenant(reading.tenant_id):
        batch = tail.read(reading.place, reading.wanted, using=reading.using)
        events = [
            ServerSentEvent(
                id=id_of(place, service=reading.service),
                event=envelope.event_type,
                data=json_of(EventOutput(envelope).data),
            )
            for place, envelope in batch.events
        ]
        return Told(events, replace(reading, place=batch.reached))


class _InThreads:
    """The source of a real stream."""

    def __init__(self, scope: Scope, request: Any) -> None:
        self._scope, self._request = scope, request

    async def read(self, reading: Reading) -> Told:
        async with _turn():
            return await self._patiently(partial(read, reading))

    async def may_still(self) -> bool:
        return await self._patiently(partial(may_still, self._request, EventPermission.READ))

    async def _patiently(self, function: Callable[[], T]) -> T:
        while True:
            try:
                return await in_thread(self._scope, function, Priority.LOW)
            except PoolFull:
                await asyncio.sleep(PAUSE_S)


@cache
def _turn() -> asyncio.Semaphore:
    """Of this process's event loop."""
    return asyncio.Semaphore(_READERS)


def _mark(reading: Reading, *, retry_ms: int | None = None) -> ServerSentEvent:
    """Nothing but where the client stands."""
    with tenant(reading.tenant_id):
        return ServerSentEvent(id=id_of(reading.place, service=reading.service), data=None, retry_ms=retry_ms)


def _caller(principal: Principal) -> tuple[UUID, UUID]:
    return principal.tenant_id, principal.subject
