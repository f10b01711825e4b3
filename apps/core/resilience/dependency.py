"""Something that we call and that may fail, and how it is called: the one way through all of a policy."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from apps.core.resilience import measures
from apps.core.resilience.breaker import Breaker, State
from apps.core.resilience.bulkhead import Bulkhead
from apps.core.resilience.deadlines import ends_at
from apps.core.resilience.errors import BulkheadFull, CircuitOpen, DeadlinePassed, NotCalled
from apps.core.resilience.measures import Measures
from apps.core.resilience.policy import Policy
from apps.core.resilience.retrying import RetryBudget, wait_s
from apps.core.resilience.surroundings import REAL, Surroundings

T = TypeVar("T")
_MOST_CIRCUITS = 1_000
_FORCED_OPEN_RETRY_S = 30.0
_LEVEL = {State.CLOSED: 0, State.HALF_OPEN: 1, State.OPEN: 2}


class Dependency:
    """Safe to share between threads. `title` says what it is, in a few words.

    It has a circuit for each address that it answers at: one receiver that is down says nothing about the next. The
    bulkhead, the retry budget and what an operator has forced hold for all of them.
    """

    def __init__(self, name: str, title: str, policy: Policy, *, world: Surroundings = REAL) -> None:
        self.name, self.title, self.policy = name, title, policy
        self.forced: State | None = None
        self.bulkhead = Bulkhead(policy.most_at_once, policy.most_per_tenant)
        self.circuits: dict[str, Breaker] = {}
        self.world, self._budget, self._measures = world, RetryBudget(), Measures(name)
        self._expected: tuple[type[Exception], ...] = (*policy.failures, NotCalled)
        self._lock = threading.Lock()

    def call(
        self,
        work: Callable[[float], T],
        *,
        address: str = "",
        tenant: object = None,
        idempotent: bool = False,
        fallback: Callable[[Exception], T] | None = None,
    ) -> T:
        """What `work` returns. It is given the seconds that it may take, and only tried again where it is idempotent.

        What it raises is raised, and counts against the dependency where it is one of the policy's `failures`. Raises
        NotCalled where the policy forbids the call; then, and after a failure, `fallback` may answer instead.
        """
        try:
            return self._persistent(work, address, tenant, self.policy.attempts if idempotent else 1)
        except self._expected as error:
            if fallback is None:
                raise
            self._measures.fallbacks.inc()
            return fallback(error)

    def state(self) -> State:
        """What an operator has forced, else the worst of the circuits."""
        states = [one.state_now() for one in list(self.circuits.values())]
        return self.forced or max(states, key=_LEVEL.__getitem__, default=State.CLOSED)

    def warn(self, address: str, until: float) -> None:
        """Another process has found this address failing."""
        self._circuit(address).warn(until)

    def sample(self) -> None:
        """Take the measures that are not counted call by call."""
        self._measures.under_way.set(self.bulkhead.under_way)
        self._measures.state.set(_LEVEL[self.state()])

    def _persistent(self, work: Callable[[float], T], address: str, tenant: object, attempts: int) -> T:
        policy, world = self.policy, self.world
        ends = world.now() + policy.timeout_s()
        if policy.hurries:
            ends = min(ends, ends_at())
        self._budget.deposit()
        for attempt in range(attempts - 1):
            try:
                return self._once(work, address, tenant, ends)
            except policy.failures:
                wait = wait_s(attempt, base_s=policy.wait_s, cap_s=policy.longest_wait_s, chance=world.chance())
                if world.now() + wait >= ends or not self._may_retry():
                    raise
                world.sleep(wait)
        return self._once(work, address, tenant, ends)

    def _may_retry(self) -> bool:
        paid = self._budget.withdraw()
        (self._measures.retries if paid else self._measures.unpaid).inc()
        return paid

    def _once(self, work: Callable[[float], T], address: str, tenant: object, ends: float) -> T:
        begun = self.world.now()
        if begun >= ends:
            raise self._not_called(DeadlinePassed, "the time for it is over")
        circuit = self._circuit(address)
        era = self._admitted(circuit)
        if not self.bulkhead.enter(tenant):
            circuit.give_back(era)
            raise self._not_called(BulkheadFull, "as many calls as may be are under way")
        try:
            result = work(ends - begun)
        except self.policy.failures:
            self._failed(circuit, era, begun, ends)
            raise
        except BaseException:
            circuit.give_back(era)
            raise
        else:
            circuit.note(era, failed=False, took_s=self.world.now() - begun)
            self._measures.calls[measures.OK].inc()
            return result
        finally:
            self.bulkhead.leave(tenant)

    def _failed(self, circuit: Breaker, era: int, begun: float, ends: float) -> None:
        self._measures.calls[measures.FAILED].inc()
        now = self.world.now()
        if now >= ends and ends - begun < min(self.policy.slow_s, self.policy.timeout_s()):
            circuit.give_back(era)  # the caller had less time than a good answer may take
        else:
            circuit.note(era, failed=True, took_s=now - begun)

    def _admitted(self, circuit: Breaker) -> int:
        if self.forced is State.OPEN:
            raise self._not_called(CircuitOpen, "an operator has closed the way to it", _FORCED_OPEN_RETRY_S)
        if self.forced is State.CLOSED or not self.policy.breaks:
            return -1
        era = circuit.admit()
        if era < 0:
            raise self._not_called(CircuitOpen, "it failed a moment ago", circuit.retry_after_s())
        return era

    def _not_called(self, kind: type[NotCalled], why: str, retry_after_s: float = 1.0) -> NotCalled:
        self._measures.calls[kind.code].inc()
        return kind(f"{self.title} is not asked: {why}", dependency=self.name, retry_after_s=retry_after_s)

    def _circuit(self, address: str) -> Breaker:
        return self.circuits.get(address) or self._new_circuit(address)

    def _new_circuit(self, address: str) -> Breaker:
        with self._lock:
            if len(self.circuits) >= _MOST_CIRCUITS:
                self.circuits.pop(next(iter(self.circuits)))  # the oldest: it begins anew, should it be asked again
            return self.circuits.setdefault(address, Breaker(self.policy, self.world, self._changed))

    def _changed(self, circuit: Breaker) -> None:
        if circuit.state is State.OPEN:
            self._measures.openings.inc()
