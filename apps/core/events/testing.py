"""Fixtures and functions for tests that publish or handle events. A pytest plugin; never imported by the platform."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

if TYPE_CHECKING:
    from apps.core.events import Envelope, Event


class Published(Sequence["Event"]):
    """What this test appended and did not roll back, in order. Compares equal to a list of the events."""

    def __init__(self) -> None:
        self._appended: list[tuple[str, UUID, UUID]] = []

    def note(self, alias: str, tenant_id: UUID, event_id: UUID) -> None:
        self._appended.append((alias, tenant_id, event_id))

    def envelopes(self) -> list[Envelope]:
        """The events with all that surrounds them."""
        found: dict[UUID, Envelope] = {}
        for alias, tenant_id in dict.fromkeys((alias, tenant_id) for alias, tenant_id, _ in self._appended):
            ids = [event_id for one, of, event_id in self._appended if (one, of) == (alias, tenant_id)]
            found |= {envelope.event_id: envelope for envelope in _read(alias, tenant_id, ids)}
        return [found[event_id] for _, _, event_id in self._appended if event_id in found]

    def events(self) -> list[Event]:
        return [envelope.event() for envelope in self.envelopes()]

    def beside(self, *kinds: type[Event]) -> list[Event]:
        """All but events of these kinds, which have tests of their own."""
        return [event for event in self.events() if not isinstance(event, kinds)]

    def __len__(self) -> int:
        return len(self.events())

    def __getitem__(self, index: Any) -> Any:
        return self.events()[index]

    def __iter__(self) -> Iterator[Event]:
        """Reads once, where `__getitem__` for each would read all for each."""
        return iter(self.events())

    def __eq__(self, other: object) -> bool:
        return self.events() == (list(other) if isinstance(other, Sequence) else other)

    def __repr__(self) -> str:
        return repr(self.events())

    __hash__ = None  # type: ignore[assignment]


@pytest.fixture
def published() -> Iterator[Published]:
    """The events appended during this test, in order."""
    from apps.core.events import log

    noted = Published()
    end = log.listen(noted.note)
    yield noted
    end()


@pytest.fixture
def drain(published: Published) -> Callable[..., int]:
    """`drain()` hands what was appended in this test, and not drained yet, to every group, in this very process.

    What the handlers publish is drained too. A handler's error is raised; with `park=True` it becomes a dead letter
    after one attempt, as in production after several. Returns the number of events.
    """
    return drainer(published)


def drainer(published: Published) -> Callable[..., int]:
    """`drain` of what is noted there: for a test of many histories, each with events of its own."""
    done: set[UUID] = set()

    def run(*, park: bool = False) -> int:
        before = len(done)
        while fresh := [envelope for envelope in published.envelopes() if envelope.event_id not in done]:
            for envelope in fresh:
                done.add(envelope.event_id)
                _dispatch(envelope, park=park)
        return len(done) - before

    return run


@pytest.fixture
def archive_dir(tmp_path: Path, settings: Any) -> Iterator[Path]:
    """This test's archive of the log, a folder of its own."""
    from django.test import override_settings

    there = {**settings.STORAGES["archive"], "OPTIONS": {"location": str(tmp_path / "archive")}}
    with override_settings(STORAGES={**settings.STORAGES, "archive": there}):
        yield tmp_path / "archive"


def run_relay_once(alias: str) -> int:
    """Place everything that is committed in this database now, as the relay would; returns how many events."""
    from apps.core.events.database import connect
    from apps.core.events.relay import Relay

    relay, total = Relay(alias, threading.Event()), 0
    with connect(alias, "relay in a test") as connection:
        while moved := relay.move(connection):
            total += moved
    return total


def consume_available(group: str, *, park: bool = True) -> int:
    """Let a group read what has a position now; returns how many places of the log it passed. One attempt each."""
    from apps.core.events.database import connect
    from apps.core.events.readers import log_reader
    from apps.core.events.subscriptions import group_named
    from apps.core.tenancy import no_tenant

    found, total = group_named(group), 0
    for alias in found.sources:
        reader = log_reader(alias, found, _consumer(found, park=park), threading.Event())
        with connect(alias, "consumer in a test") as connection, no_tenant():
            total += reader.read_available(connection)
    return total


def _dispatch(envelope: Envelope, *, park: bool) -> None:
    from apps.core.events.subscriptions import groups
    from apps.core.tenancy import no_tenant

    with no_tenant():
        for group in groups():
            _consumer(group, park=park).process(envelope)


def _consumer(group: Any, *, park: bool) -> Any:
    from apps.core.events.consumer import Consumer, Outcome
    from apps.core.events.retry import RetryPolicy

    class Strict(Consumer):
        def _park(self, envelope: Envelope, error: Exception, attempts: int) -> Outcome:
            raise error

    return (Consumer if park else Strict)(group, retry=RetryPolicy(attempts=1, base_s=0, cap_s=0))


def _read(alias: str, tenant_id: UUID, ids: list[UUID]) -> list[Envelope]:
    from django.db import connections

    from apps.core.events.rows import COLUMNS, envelope_of
    from apps.core.tenancy import tenant

    with tenant(tenant_id), connections[alias].cursor() as cursor:
        cursor.execute(f"select {COLUMNS} from events_event event where id = any(%s)", [ids])  # noqa: S608 (constant)
        return [envelope_of(row) for row in cursor.fetchall()]
