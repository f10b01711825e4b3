"""A discrete-event simulation: callers, a server that can do only so much, and a dependency that fails. Minutes of it
take a fraction of a second; the same seed gives the same minutes. `make bench` shows what comes of it.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from apps.core.resilience.breaker import Breaker, State
from apps.core.resilience.bulkhead import Bulkhead
from apps.core.resilience.door import Door, Priority
from apps.core.resilience.policy import Policy
from apps.core.resilience.retrying import RetryBudget, wait_s
from apps.core.resilience.surroundings import Surroundings

THREADS, SERVICE_S, PATIENCE_S, QUEUE = 8, 0.2, 1.0, 128
PEAK = THREADS / SERVICE_S  # answers a second, when every thread works all the time


class Timeline:
    """Events in the order of their time."""

    def __init__(self, seed: int = 1) -> None:
        self.now = 0.0
        self.random = random.Random(seed)
        self.world = Surroundings(lambda: self.now, chance=self.random.random)
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._number = itertools.count()

    def after(self, seconds: float, event: Callable[[], None]) -> None:
        heapq.heappush(self._events, (self.now + seconds, next(self._number), event))

    def arrivals(self, rate: float, event: Callable[[], None]) -> None:
        """Independent of one another, `rate` a second."""

        def arrive() -> None:
            self.after(self.random.expovariate(rate), arrive)
            event()

        self.after(0.0, arrive)

    def run(self, seconds: float) -> None:
        while self._events and self._events[0][0] <= seconds:
            self.now, _, event = heapq.heappop(self._events)
            event()


@dataclass
class Request:
    came: float
    ends: float
    priority: Priority
    attempt: int = 0


@dataclass
class Overload:
    """Callers with a second of patience ask `load` times what the server can do. `kernel`: with a door, deadlines and
    retry budget; without: a queue of 128 and three attempts.
    """

    load: float
    kernel: bool
    seconds: float = 60.0
    good: Counter[Priority] = field(default_factory=Counter)
    asked: Counter[Priority] = field(default_factory=Counter)
    attempts: int = 0

    def __post_init__(self) -> None:
        self.time, self.budget, self.busy = Timeline(), RetryBudget(), 0
        self.waiting: deque[Request] = deque()
        self.door = Door(THREADS, THREADS + QUEUE, now=lambda: self.time.now)

    def run(self) -> Overload:
        self.time.arrivals(self.load * PEAK, self._ask)
        self.time.run(self.seconds)
        return self

    @property
    def goodput(self) -> float:
        """Answers in time, of those that the server could give."""
        return self.good.total() / (self.seconds * PEAK)

    @property
    def amplification(self) -> float:
        return self.attempts / self.asked.total()

    def _ask(self) -> None:
        priority = self.time.random.choice(list(Priority))
        self.asked[priority] += 1
        self.budget.deposit()
        self._attempt(Request(self.time.now, self.time.now + PATIENCE_S, priority))

    def _attempt(self, request: Request) -> None:
        self.attempts += 1
        inside = self.busy + len(self.waiting)
        admitted = self.door.admits(inside, request.priority) if self.kernel else inside < THREADS + QUEUE
        if admitted:
            self.waiting.append(request)
            self.time.after(request.ends - self.time.now, lambda: self._missed(request))
            self._work()
        else:
            self._again(request)

    def _work(self) -> None:
        while self.waiting and self.busy < THREADS:
            request = self.waiting.popleft()
            if self.kernel:
                self.door.waited(self.time.now - request.came, self.busy + len(self.waiting) + 1)
                if self.time.now >= request.ends:
                    continue  # nobody waits for it any more
            self.busy += 1
            self.time.after(self.time.random.expovariate(1 / SERVICE_S), lambda one=request: self._done(one))  # type: ignore[misc]

    def _done(self, request: Request) -> None:
        self.busy -= 1
        if self.time.now < request.ends:
            self.good[request.priority] += 1
            request.ends = -1.0  # answered
        self._work()

    def _missed(self, request: Request) -> None:
        if request.ends > 0:
            self._again(request)

    def _again(self, request: Request) -> None:
        """The caller tries anew, with as much patience as before."""
        if request.attempt >= 2 or (self.kernel and not self.budget.withdraw()):
            return
        after = wait_s(request.attempt, base_s=0.5, cap_s=5.0, chance=self.time.random.random())
        self.time.after(after, lambda: self._renewed(request))

    def _renewed(self, request: Request) -> None:
        now = self.time.now
        self._attempt(Request(now, now + PATIENCE_S, request.priority, request.attempt + 1))


@dataclass
class Cascade:
    """Half of the requests need a dependency that hangs from second 10 on; the other half does not. With the kernel it
    has a breaker and a bulkhead. `good` counts answers to the other half.
    """

    kernel: bool
    seconds: float = 60.0
    good: int = 0
    asked: int = 0

    def __post_init__(self) -> None:
        self.time, self.busy = Timeline(), 0
        policy = Policy(timeout=2.0, slow_s=0.5, open_s=1.0, longest_open_s=10.0)
        self.breaker, self.bulkhead = Breaker(policy, self.time.world), Bulkhead(THREADS // 2, THREADS // 2)

    def run(self) -> Cascade:
        self.time.arrivals(40.0, lambda: self._ask(needs_it=True))
        self.time.arrivals(40.0, lambda: self._ask(needs_it=False))
        self.time.run(self.seconds)
        return self

    def _ask(self, *, needs_it: bool) -> None:
        self.asked += not needs_it
        if self.busy >= THREADS:
            return
        if not needs_it:
            self.busy += 1
            self.time.after(0.02, self._answered)
            return
        era = self.breaker.admit() if self.kernel else 0
        if era < 0 or (self.kernel and not self.bulkhead.enter(None)):
            return
        self.busy += 1
        took_s, hangs = (2.0, True) if self.time.now > 10.0 else (0.02, False)
        self.time.after(took_s, lambda: self._called(era, took_s, hangs))

    def _answered(self) -> None:
        self.busy -= 1
        self.good += 1

    def _called(self, era: int, took_s: float, failed: bool) -> None:
        self.busy -= 1
        if self.kernel:
            self.bulkhead.leave(None)
            self.breaker.note(era, failed=failed, took_s=took_s)


class ABreaker(Protocol):
    @property
    def state(self) -> State: ...
    def admit(self) -> int: ...
    def note(self, era: int, *, failed: bool, took_s: float) -> None: ...


class Window:
    """What most libraries have: open where half of the last calls failed, closed again after a fixed time."""

    def __init__(self, timeline: Timeline, *, size: int, open_s: float = 1.0) -> None:
        self.state = State.CLOSED
        self._time, self._size, self._open_s, self._until = timeline, size, open_s, 0.0
        self._last: deque[bool] = deque(maxlen=size)

    def admit(self) -> int:
        if self.state is State.OPEN and self._time.now >= self._until:
            self.state = State.HALF_OPEN
        return -1 if self.state is State.OPEN else 0

    def note(self, era: int, *, failed: bool, took_s: float) -> None:
        self._last.append(failed)
        full = len(self._last) == self._size
        if (self.state is State.HALF_OPEN and failed) or (full and sum(self._last) * 2 >= self._size):
            self.state, self._until = State.OPEN, self._time.now + self._open_s
            self._last.clear()
        elif self.state is State.HALF_OPEN:
            self.state = State.CLOSED


@dataclass
class Failing:
    """Calls, fifty a second, of a dependency that fails as `share` says of each moment."""

    breaker: ABreaker
    time: Timeline
    share: Callable[[float], float]
    calls: int = 0
    openings: int = 0
    first_opened: int = 0

    def run(self, seconds: float) -> Failing:
        self.time.arrivals(50.0, self._call)
        self.time.run(seconds)
        return self

    def _call(self) -> None:
        era, before = self.breaker.admit(), self.breaker.state
        if era < 0:
            return
        self.calls += 1
        self.breaker.note(era, failed=self.time.random.random() < self.share(self.time.now), took_s=0.01)
        if self.breaker.state is State.OPEN and before is not State.OPEN:
            self.openings += 1
            self.first_opened = self.first_opened or self.calls


def adaptive(share: Callable[[float], float], seed: int = 1) -> Failing:
    timeline = Timeline(seed)
    policy = Policy(timeout=2.0, slow_s=1.0, open_s=1.0, longest_open_s=60.0)
    return Failing(Breaker(policy, timeline.world), timeline, share)


def static(share: Callable[[float], float], size: int, seed: int = 1) -> Failing:
    timeline = Timeline(seed)
    return Failing(Window(timeline, size=size), timeline, share)


def up_and_down(now: float) -> float:
    """Three seconds well, three seconds away."""
    return float(now % 6.0 >= 3.0)
