"""What one group does with one event, whatever brought it: exactly one effect, in the order of the key.

An event that fails again and again is parked as a dead letter, and later events of its key behind it; other keys go on.
A database that is away parks nothing: it is waited for. A group that somebody paused, or that suspended itself, reads
nothing until it is resumed (`standing`).
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from enum import Enum
from typing import TypeVar

from django.conf import settings
from django.db import DatabaseError, connections, transaction
from django.utils import timezone

from apps.core.db.refreshing import refresh_connections
from apps.core.events import dead_letters, inbox, standing
from apps.core.events.activity import FAILED, HANDLED, PARKED, Activity
from apps.core.events.delivery import call_handlers, delivery
from apps.core.events.envelope import Envelope
from apps.core.events.errors import InvalidMessage
from apps.core.events.inbox import Busy, Claim
from apps.core.events.retry import RetryPolicy, is_outage, retry_delay_s
from apps.core.events.subscriptions import Group
from apps.core.observability import get_logger

T = TypeVar("T")

_OUTAGE_BASE_S, _OUTAGE_CAP_S = 0.1, 5.0
_ASK_S, _REPORT_S, _SIGN_OF_LIFE_S, _BREATH_S = 1.0, 5.0, 20.0, 1.0

logger = get_logger(__name__)


class Outcome(Enum):
    """What became of an event."""

    IGNORED = "ignored"  # the group does not want it
    HANDLED = "handled"
    DUPLICATE = "duplicate"  # it had its effect before
    PARKED = "parked"  # it failed
    WAITING = "waiting"  # it is parked behind one that failed


class Halted(Exception):
    """The consumer was asked to stop before this event had its effect. It will come again."""


class Consumer:
    """Processes events for one group, for one reader or several in threads of this process.

    It suspends the group, in every process, once a flood of dead letters shows that the fault is elsewhere.
    """

    def __init__(self, group: Group, *, halt: threading.Event | None = None, retry: RetryPolicy | None = None) -> None:
        self.group = group
        self.state: str = standing.State.RUNNING
        self.breathe: Callable[[], None] = (
            _no_need  # called between events and during waits, to keep what is open alive
        )
        self._activity = Activity(group)
        self._asked_at = self._reported_at = -_SIGN_OF_LIFE_S
        self._halt = halt or threading.Event()
        self._retry = retry or RetryPolicy.from_settings()
        self._failures: deque[bool] = deque(maxlen=settings.EVENTS_FLOOD_WINDOW)

    def ready(self) -> bool:
        """Whether the group is to read now. Asks the database once a second, and tells it now and then of itself."""
        now = time.monotonic()
        try:
            if now - self._asked_at >= _ASK_S:
                self._asked_at = now
                refresh_connections()
                self._through_outages(self._ask)
            if now - self._reported_at >= (_REPORT_S if self._activity.is_new else _SIGN_OF_LIFE_S):
                self._reported_at = now
                self._through_outages(self._activity.report)
        except Halted:
            return False
        return self.state == standing.State.RUNNING

    def report(self) -> None:
        """Write down what was counted since the last time, at the end. Counts are not worth waiting for a database."""
        try:
            self._activity.report()
        except DatabaseError as error:
            logger.warning("events.counts_lost", group=self.group.name, error=repr(error))

    def process(self, envelope: Envelope) -> Outcome:
        """Give the event its effect, once. Returns when that is committed or the event is parked. Raises Halted."""
        if not self.group.wants(envelope.event_type):
            return Outcome.IGNORED
        with delivery(self.group, envelope):
            outcome = self._settle(envelope)
            logger.info("events.settled", **self._facts(envelope), outcome=outcome.value)
        self._count(outcome)
        self._watch_for_flood(outcome)
        return outcome

    def take(self, envelopes: Iterable[Envelope | None]) -> int:
        """Process in order until done, halted, paused or suspended; returns how many were settled."""
        refresh_connections()
        settled = 0
        for envelope in envelopes:
            if self._halt.is_set() or not self.ready():
                break
            self.breathe()
            if envelope is not None and self.group.wants(envelope.event_type):
                try:
                    self.process(envelope)
                except Halted:
                    break
            settled += 1
        return settled

    def _settle(self, envelope: Envelope) -> Outcome:
        attempts = 0
        while True:
            try:
                return self._through_outages(lambda: self._attempt(envelope))
            except Halted:
                raise
            except Exception as error:  # whatever a handler raises
                attempts += 1
                self._activity.count(FAILED)
                if isinstance(error, InvalidMessage) or attempts >= self._retry.attempts:
                    return self._park(envelope, error, attempts)
                logger.warning("events.retrying", **self._facts(envelope), attempt=attempts, error=repr(error))
                self._pause(self._retry.delay_s(attempts - 1))

    def _attempt(self, envelope: Envelope) -> Outcome:
        with transaction.atomic(using=self.group.using):
            claim = inbox.claim(envelope, group=self.group.name, using=self.group.using)
            if claim is Claim.DONE:
                return Outcome.DUPLICATE
            if claim is Claim.HANDLE:
                call_handlers(self.group, envelope)
                return Outcome.HANDLED
        if dead_letters.park_behind(self.group, envelope):
            return Outcome.WAITING
        return self._attempt(envelope)  # the key was freed in this very moment

    def _park(self, envelope: Envelope, error: Exception, attempts: int) -> Outcome:
        self._through_outages(lambda: dead_letters.park(self.group, envelope, error=error, attempts=attempts))
        logger.error("events.parked", **self._facts(envelope), attempts=attempts, error=repr(error))
        return Outcome.PARKED

    def _through_outages(self, step: Callable[[], T]) -> T:
        """Run a step, again and again while the database is away."""
        failures = 0
        while True:
            try:
                return step()
            except Exception as error:
                # Inside somebody's transaction there is nothing to wait for: it is lost with its connection.
                if connections[self.group.using].in_atomic_block or not (isinstance(error, Busy) or is_outage(error)):
                    raise
                logger.warning("events.database_away", group=self.group.name, failures=failures, error=repr(error))
                self._pause(retry_delay_s(failures, base_s=_OUTAGE_BASE_S, cap_s=_OUTAGE_CAP_S))
                connections.close_all()
                failures += 1

    def _pause(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while not self._halt.wait(min(max(0.0, end - time.monotonic()), _BREATH_S)):
            self.breathe()
            if time.monotonic() >= end:
                return
        raise Halted

    def _ask(self) -> None:
        before, self.state = self.state, standing.state_of(self.group)
        if before != self.state == standing.State.RUNNING:
            self._failures.clear()  # resumed: what was before does not count any more
        if before != self.state:
            logger.info("events.group_state", group=self.group.name, state=self.state)

    def _count(self, outcome: Outcome) -> None:
        if outcome is Outcome.HANDLED:
            self._activity.count(HANDLED)
        elif outcome in (Outcome.PARKED, Outcome.WAITING):
            self._activity.count(PARKED)

    def _watch_for_flood(self, outcome: Outcome) -> None:
        """Stop when most of the latest events failed: then it is not the events, and parking them all helps nobody."""
        if outcome not in (Outcome.HANDLED, Outcome.PARKED):
            return
        self._failures.append(outcome is Outcome.PARKED)
        if len(self._failures) == self._failures.maxlen and sum(self._failures) * 2 > len(self._failures):
            self._suspend(failed=sum(self._failures), of=len(self._failures))

    def _suspend(self, *, failed: int, of: int) -> None:
        self.state = standing.State.SUSPENDED
        because = f"{failed} of its last {of} events could not be handled: find the common cause in the dead letters"
        self._through_outages(lambda: standing.suspend(self.group, because=because, now=timezone.now()))
        logger.error("events.group_suspended", group=self.group.name, failed=failed, of=of)

    def _facts(self, envelope: Envelope) -> dict[str, str]:
        return {
            "group": self.group.name,
            "event_type": envelope.event_type,
            "event_id": str(envelope.event_id),
            "key": str(envelope.aggregate_id),
        }


def _no_need() -> None:
    """Most transports forget nobody who is busy."""
