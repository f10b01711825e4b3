"""A circuit breaker: what fails is left alone for a while, and then asked carefully.

    CLOSED ──(evidence that it fails, or has become slow)──> OPEN ──(its time is over)──> HALF_OPEN
       ^                                                      ^                              │
       └───────────(three probes in a row are good)───────────┼──────────────────────────────┤
                                                              └───(one is not: for longer)───┘

It does not flap: each time that it opens without having been well in between it stays open twice as long, and how long
is spread by chance, so that many processes do not probe at once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from enum import StrEnum

from apps.core.resilience.evidence import Detector, Pace
from apps.core.resilience.policy import Policy
from apps.core.resilience.surroundings import Surroundings

# Five failures in a row, or nine calls of which 70 % fail, or 20 of which half do; some thousand where a fifth does.
_ENOUGH = 6.5
_ENOUGH_WHEN_WARNED = _ENOUGH / 2
_PROBES = 3
_CALM = 10.0  # well again: closed for so many times as long as it was open
_SLOWER = 4.0  # than 95 of 100 calls: then it is slow, though it need not be as slow as the policy says
_LEAST_SLOW = 0.25


class State(StrEnum):
    CLOSED = "closed"
    HALF_OPEN = "half_open"
    OPEN = "open"


class Breaker:
    """Safe to share between threads. `tell` hears of each change of the state, with the lock held: it must be short."""

    def __init__(self, policy: Policy, world: Surroundings, tell: Callable[[Breaker], object] = lambda _: None) -> None:
        self.state, self.reason, self.opened_at = State.CLOSED, "", -1.0
        self.errors, self.slowness, self.pace = Detector(), Detector(), Pace()
        self._policy, self._world, self._tell = policy, world, tell
        self._lock = threading.Lock()
        self._era = 0  # counts changes of state: what began in an earlier one says nothing about this one
        self._open_s, self._until, self._closed_at = 0.0, 0.0, world.now()
        self._probing, self._good_probes = False, 0
        self._warned_until = 0.0

    def admit(self) -> int:
        """The era in which a call begins, to be given back with its outcome; -1: it must not be made."""
        if self.state is State.CLOSED:
            return self._era
        with self._lock:
            if self.state is State.OPEN and self._world.now() >= self._until:
                self._good_probes = 0
                self._become(State.HALF_OPEN)
            if self.state is State.HALF_OPEN:
                if self._probing:
                    return -1
                self._probing = True
            return -1 if self.state is State.OPEN else self._era

    def note(self, era: int, *, failed: bool, took_s: float) -> None:
        """What became of a call that was admitted."""
        now = self._world.now()
        with self._lock:
            slow = not failed and took_s > self._slow_from_s()
            self.errors.add(failed, now)
            self.slowness.add(slow, now)
            if not failed and not slow:
                self.pace.add(took_s)
            if era != self._era:
                return
            if self.state is State.HALF_OPEN:
                self._after_probe(good=not failed and not slow)
            elif self.state is State.CLOSED:
                self._examine(now)

    def give_back(self, era: int) -> None:
        """The call that was admitted says nothing: it was cut short by its caller, or never made."""
        with self._lock:
            if era == self._era:
                self._probing = False

    def warn(self, until: float) -> None:
        """Others have found it failing: until then half the evidence is enough."""
        self._warned_until = until

    def retry_after_s(self) -> float:
        """Seconds until a call may be let through again."""
        return max(0.0, self._until - self._world.now()) if self.state is State.OPEN else 0.0

    def state_now(self) -> State:
        """What the next call will find: a circuit whose time is over is as good as half open, though nobody called."""
        is_over = self.state is State.OPEN and not self.retry_after_s()
        return State.HALF_OPEN if is_over else self.state

    def _slow_from_s(self) -> float:
        most = self._policy.slow_s
        return min(most, max(most * _LEAST_SLOW, self.pace.p95_s * _SLOWER)) if self.pace.p95_s else most

    def _examine(self, now: float) -> None:
        enough = _ENOUGH_WHEN_WARNED if now < self._warned_until else _ENOUGH
        if self.errors.score >= enough:
            self._open(f"{self.errors.share():.0%} of the calls failed")
        elif self.slowness.score >= enough:
            self._open(f"{self.slowness.share():.0%} of the calls took more than {self._slow_from_s():.2g} s")

    def _after_probe(self, *, good: bool) -> None:
        self._probing = False
        self._good_probes = self._good_probes + 1 if good else 0
        if not good:
            self._open("it was no better when it was tried")
        elif self._good_probes >= _PROBES:
            self._closed_at = self._world.now()
            self.errors.forget()
            self.slowness.forget()
            self._become(State.CLOSED)

    def _open(self, reason: str) -> None:
        now, policy = self._world.now(), self._policy
        well = self.state is State.CLOSED and now - self._closed_at >= self._open_s * _CALM
        self._open_s = policy.open_s if well else min(max(self._open_s * 2, policy.open_s), policy.longest_open_s)
        self._until = now + self._open_s * (0.75 + self._world.chance() / 2)
        self.reason, self.opened_at = reason, now
        self._become(State.OPEN)

    def _become(self, state: State) -> None:
        self.state, self._probing = state, False
        self._era += 1
        self._tell(self)
