"""Connections as the relay's role: past any pooler, reading the log of all tenants, owning a name by advisory lock."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from typing import Any

import psycopg
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from apps.core.events.retry import retry_delay_s
from apps.core.observability import get_logger

Connection = psycopg.Connection[tuple[Any, ...]]
Work = Callable[[Connection], None]

CHANNEL = "events"
_STANDBY_POLL_S = 0.2
_STEADY_AFTER_S = 10.0
_BACKOFF_CAP_S = 5.0
# A peer that vanished without a word gives its locks back within about 11 s.
_OPTIONS = (
    "-c timezone=UTC -c statement_timeout=30000 -c lock_timeout=5000 "
    "-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3"
)

logger = get_logger(__name__)
_kept = threading.local()


class TransportDown(Exception):
    """What a reader hands events to does not answer; worth another try later."""


def connect(alias: str, name: str) -> Connection:
    """Connect as the relay's role, in autocommit mode; `name` is shown in pg_stat_activity.

    Raises ImproperlyConfigured where this process was not given the URL.
    """
    if alias not in settings.DATABASE_RELAY_URLS:
        variable = "DATABASE_RELAY_URL" if alias == "default" else f"{alias.upper()}_DATABASE_RELAY_URL"
        raise ImproperlyConfigured(f"reading the event log of {alias} needs {variable}")
    return psycopg.connect(
        settings.DATABASE_RELAY_URLS[alias],
        autocommit=True,
        connect_timeout=5,
        application_name=name[:63],
        keepalives_idle=5,
        keepalives_interval=2,
        keepalives_count=3,
        options=_OPTIONS,
    )


@contextmanager
def asking(alias: str, name: str) -> Iterator[Connection]:
    """As `connect`, for short questions that come again every few seconds: the connection stays open for the thread's
    next one, whatever that is called. Leave nothing behind in its session.
    """
    # A fork has its parent's memory, and must not speak on its parent's connection.
    place = (os.getpid(), settings.DATABASE_RELAY_URLS.get(alias))
    known: dict[Any, Connection] = vars(_kept)
    connection = known.pop(place, None)
    if connection is None or not _answers(connection):
        connection = connect(alias, name)
    try:
        yield connection
    except BaseException:
        connection.close()
        raise
    known[place] = connection


def _answers(connection: Connection) -> bool:
    try:
        connection.execute("")
    except psycopg.Error:
        connection.close()
        return False
    return True


def own(connection: Connection, name: str, halt: threading.Event) -> bool:
    """Wait to be the only session of this database that holds `name`; False when halted before.

    Asks again and again instead of queueing: a statement that waits would hold back vacuum on the whole server.
    """
    key = int.from_bytes(blake2b(f"events:{name}".encode(), digest_size=8).digest(), "big", signed=True)
    while not halt.is_set():
        row = connection.execute("select pg_try_advisory_lock(%s)", [key]).fetchone()
        if row is not None and row[0]:
            return True
        halt.wait(_STANDBY_POLL_S)
    return False


def reconnecting(alias: str, name: str, work: Work, halt: threading.Event) -> None:
    """Run `work` with a connection until halted; when the server or transport goes away, again after a backoff."""
    failures = 0
    while not halt.is_set():
        began = time.monotonic()
        try:
            with connect(alias, name) as connection:
                work(connection)
        except (psycopg.Error, TransportDown) as error:
            failures = 0 if time.monotonic() - began > _STEADY_AFTER_S else failures + 1
            logger.warning(
                "events.reconnecting", database=alias, reader=name, failures=failures, error=_first_line(error)
            )
            halt.wait(retry_delay_s(failures, base_s=0.1, cap_s=_BACKOFF_CAP_S))


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
