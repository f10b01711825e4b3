"""What one group does with events, whatever brought them: exactly one effect of each, in the order of the key.

Events of one tenant that were fetched together share a transaction, since that costs more than most handlers. When it
fails, each gets its own: so a sick event takes nobody's effect along, and only then attempts are counted.
An event that fails again and again is parked as a dead letter, and later events of its key behind it; other keys go on.
A database that is away parks nothing: it is waited for. A group that somebody paused, or that suspended itself, reads
nothing until it is resumed (`standing`).
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from enum import Enum
from typing import TypeVar

from django.conf import settings
from django.db import DatabaseError, connections, transaction
from django.utils import timezone

from apps.core.db.refreshing import refresh_connections
from apps.core.events import dead_letters, inbox, standing
from apps.core.events.activity import FAILED, HANDLED, PARKED, Activity
from apps.core.events.delivery import Afterwards, call_handlers, delivery, delivery_of_many
from apps.core.events.envelope import Envelope
from apps.core.events.errors import InvalidMessage
from apps.core.events.in_hand import InHand
from apps.core.events.inbox import Busy, Claim
from apps.core.events.retry import RetryPolicy, is_outage, retry_delay_s
from apps.core.events.subscriptions import Group
from apps.core.observability import get_logger
from apps.core.tenancy import tenant

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


_OUTCOMES = {Claim.HANDLE: Outcome.HANDLED, Claim.DONE: Outcome.DUPLICATE, Claim.WAIT: None}


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
        """Process until done, halted, paused or suspended; returns how many of the first were settled."""
        return self.take_in_hand(InHand(envelopes))

    def take_in_hand(self, in_hand: InHand) -> int:
        """The same; what was settled can be seen meanwhile."""
        try:
            for share in in_hand.shares(self.group, at_most=settings.EVENTS_TOGETHER):
                while left := self._left(in_hand, share):
                    self._settle_some(in_hand, left)
        except Halted:
            pass
        return in_hand.settled_first

    def _left(self, in_hand: InHand, share: list[int]) -> list[int]:
        """What of it is still to be handled, now. Raises Halted when nothing is, for the time being."""
        self.breathe()
        if self._halt.is_set() or not self.ready():
            raise Halted
        return in_hand.left(share)

    def _settle_some(self, in_hand: InHand, places: list[int]) -> None:
        outcomes = self._settle_together([in_hand[place] for place in places]) if len(places) > 1 else []
        in_hand.settle(place for place, outcome in zip(places, outcomes, strict=False) if outcome is not None)
        for place in in_hand.left(places[: len(outcomes)] or places):
            if self._left(in_hand, [place]):
                self.process(in_hand[place])
                in_hand.settle([place])

    def _settle_together(self, envelopes: list[Envelope]) -> list[Outcome | None]:
        """What became of the first of these events of one tenant, in one transaction; None: it is to be handled alone.

        Nothing at all when the transaction failed.
        """
        try:
            outcomes = self._through_outages(lambda: self._attempt_together(envelopes))
        except Halted:
            raise
        except Exception as error:  # whatever a handler raises
            logger.warning("events.apart", **self._facts_of_many(envelopes), error=repr(error))
            return []
        settled = [outcome for outcome in outcomes if outcome is not None]
        logger.info("events.settled_together", **self._facts_of_many(envelopes[: len(outcomes)]), **_counted(settled))
        for outcome in settled:
            self._count(outcome)
            self._watch_for_flood(outcome)
        return outcomes

    def _attempt_together(self, envelopes: list[Envelope]) -> list[Outcome | None]:
        group, using = self.group, self.group.using
        with tenant(envelopes[0].metadata.tenant_id), transaction.atomic(using=using):
            claims = inbox.claim_many(envelopes, group=group.name, using=using)
            claimed = [one for one, claim in zip(envelopes, claims, strict=True) if claim is Claim.HANDLE]
            handled = self._call_many(claimed) if group.many else self._call_each(claimed)
            if handled < len(claimed):
                later = claimed[handled:]
                inbox.leave([one.event_id for one in later], group=group.name, using=using)
                claims = claims[: _place_of(later[0], envelopes)]
        return [_OUTCOMES[claim] for claim in claims]

    def _call_many(self, envelopes: list[Envelope]) -> int:
        if self.group.many and envelopes:
            with delivery_of_many(self.group, envelopes):
                self.group.many(envelopes)
        return len(envelopes)

    def _call_each(self, envelopes: list[Envelope]) -> int:
        """Returns how many were handled before it took too long to hold others up, or was halted."""
        end, handled = time.monotonic() + settings.EVENTS_TOGETHER_S, 0
        afterwards = Afterwards(self.group.using)
        for envelope in envelopes:
            if handled and (self._halt.is_set() or time.monotonic() > end):
                break
            with delivery(self.group, envelope):
                call_handlers(self.group, envelope)
                afterwards.note()
            handled += 1
        afterwards.arrange()
        return handled

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

    def _facts_of_many(self, envelopes: list[Envelope]) -> dict[str, str | int]:
        return {
            "group": self.group.name,
            "tenant": str(envelopes[0].metadata.tenant_id),
            "events": len(envelopes),
            "first_event_id": str(envelopes[0].event_id),
            "last_event_id": str(envelopes[-1].event_id),
        }

    def _facts(self, envelope: Envelope) -> dict[str, str]:
        return {
            "group": self.group.name,
            "event_type": envelope.event_type,
            "event_id": str(envelope.event_id),
            "key": str(envelope.aggregate_id),
        }


def _counted(outcomes: list[Outcome]) -> dict[str, int]:
    return {outcome.value: count for outcome, count in Counter(outcomes).items()}


def _place_of(wanted: Envelope, envelopes: list[Envelope]) -> int:
    return next(place for place, envelope in enumerate(envelopes) if envelope is wanted)


def _no_need() -> None:
    """Most transports forget nobody who is busy."""
