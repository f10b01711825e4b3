"""Tells whoever follows a log in this process that it has grown: one connection that listens, however many follow."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import psycopg
from django.conf import settings

from apps.core.events.database import CHANNEL
from apps.core.events.retry import retry_delay_s
from apps.core.observability import get_logger

_STEADY_AFTER_S = 10.0
_BACKOFF_CAP_S = 5.0
logger = get_logger(__name__)


class Wakeups:
    """Of one log, on one event loop. It listens, as the application and past any pooler, while somebody follows."""

    def __init__(self, alias: str) -> None:
        self.alias = alias
        self._followers: set[asyncio.Event] = set()
        self._listening: asyncio.Task[None] | None = None

    @contextmanager
    def followed(self) -> Iterator[asyncio.Event]:
        """An event that is set when there may be more to read. A notification can get lost with its connection; then it
        is set when there is another one.
        """
        woken = asyncio.Event()
        self._followers.add(woken)
        if self._listening is None:
            self._listening = asyncio.create_task(self._listen())
        try:
            yield woken
        finally:
            self._followers.discard(woken)
            if not self._followers and self._listening is not None:
                self._listening.cancel()
                self._listening = None

    async def _listen(self) -> None:
        failures = 0
        while True:
            began = time.monotonic()
            try:
                await self._hear()
            except psycopg.Error as error:
                failures = 0 if time.monotonic() - began > _STEADY_AFTER_S else failures + 1
                logger.warning("events.reconnecting", database=self.alias, reader="streams", error=repr(error))
            self._wake()
            await asyncio.sleep(retry_delay_s(failures, base_s=0.1, cap_s=_BACKOFF_CAP_S))

    async def _hear(self) -> None:
        """Until the connection is lost."""
        url = settings.DATABASE_DIRECT_URLS[self.alias]
        async with await psycopg.AsyncConnection.connect(
            url,
            autocommit=True,
            connect_timeout=settings.DATABASE_CONNECT_TIMEOUT_S,
            application_name="streams",
            keepalives_idle=5,
            keepalives_interval=2,
            keepalives_count=3,
        ) as connection:
            await connection.execute(f"listen {CHANNEL}")
            self._wake()
            async for _ in connection.notifies():
                self._wake()

    def _wake(self) -> None:
        for woken in self._followers:
            woken.set()


@cache
def wakeups_of(alias: str) -> Wakeups:
    """This process's."""
    return Wakeups(alias)
