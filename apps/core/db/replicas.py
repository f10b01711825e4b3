"""Reads go to a replica that has replayed at least what the caller wrote; otherwise to the primary.

A write leaves a token: for each server its identity, timeline and log position (LSN). A caller who presents the token
reads his own write, because a replica that has not replayed that far is not chosen. A background thread per replica
keeps its replay position, so that choosing costs no round trip; a position older than a second counts as dead.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import connections
from django.db.backends.signals import connection_created

from apps.core.db.replay import Position, ReplayMonitor, monitor_of

_READS = ("SELECT", "SHOW", "EXPLAIN", "BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK", "SET", "DECLARE", "FETCH", "CLOSE")


@dataclass(slots=True)
class Reading:
    """What the present request must see, where it has read and where it has written (aliases)."""

    required: dict[str, Position] = field(default_factory=dict)
    replicas: bool = True
    used: set[str] = field(default_factory=set)
    written: set[str] = field(default_factory=set)

    def positions_written(self) -> dict[str, Position]:
        """By server, how far its log reaches now, merged with what was already required. Call it after the commit.

        One statement for each database written that has replicas. Raises django.db.Error.
        """
        for alias in self.written:
            if not settings.REPLICAS_OF.get(alias):
                continue
            position = Position.of_primary(connections[alias])
            known = self.required.get(position.server)
            self.required[position.server] = position if known is None else max(known, position)
        return self.required


_reading: ContextVar[Reading | None] = ContextVar("reading", default=None)


@contextmanager
def reading(required: dict[str, Position] | None = None, *, replicas: bool = True) -> Iterator[Reading]:
    """Let reads inside the block go to replicas that have replayed `required` (by server). Outside, reads use the
    primary: code that never said what it must see gets the newest. With `replicas=False` only writes are noted.
    """
    current = Reading(dict(required or {}), replicas)
    token = _reading.set(current)
    try:
        yield current
    finally:
        _reading.reset(token)


@contextmanager
def primary_only() -> Iterator[None]:
    """Opt out: reads inside the block use the primary. Writes are noted all the same."""
    current = _reading.get()
    if current is None:
        yield
        return
    before, current.replicas = current.replicas, False
    try:
        yield
    finally:
        current.replicas = before


def replicas_configured() -> bool:
    """True if any database of this process has a replica."""
    return any(settings.REPLICAS_OF.values())


def choose(primary: str) -> str:
    """The alias to read from: a caught-up replica of `primary`, or `primary` itself."""
    current = _reading.get()
    names: list[str] = settings.REPLICAS_OF.get(primary, [])
    if current is None or not names or not current.replicas or primary in current.written:
        return primary
    if connections[primary].in_atomic_block:
        return primary
    ready = [name for name in names if monitor_of(name).has_replayed(current.required)]
    if not ready:
        return primary
    chosen = random.choice(ready)  # noqa: S311 (load spreading, not a secret)
    current.used.add(chosen)
    return chosen


def distrust(alias: str) -> None:
    """Leave a replica out until its monitor has heard of it anew: a query on it has just failed."""
    monitor_of(alias).forget()
    connections[alias].close()


def primary_of(alias: str) -> str:
    """The primary of a replica's alias; a primary's own alias is returned as it is."""
    for primary, names in settings.REPLICAS_OF.items():
        if alias in names:
            return str(primary)
    return alias


def watch_writes() -> None:
    """Notice every write of every connection, so that later reads of the same request use the primary."""
    connection_created.connect(_watch, dispatch_uid="replicas.watch_writes")


def _watch(connection: Any, **kwargs: Any) -> None:
    if _note_write not in connection.execute_wrappers:
        connection.execute_wrappers.insert(0, _note_write)


def _note_write(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    current = _reading.get()
    if current is not None and not (isinstance(sql, str) and sql.lstrip("( \n").upper().startswith(_READS)):
        current.written.add(primary_of(context["connection"].alias))
    return execute(sql, params, many, context)


def monitors() -> list[ReplayMonitor]:
    """One for each configured replica; started on first use in this process."""
    return [monitor_of(name) for name in itertools.chain.from_iterable(settings.REPLICAS_OF.values())]
