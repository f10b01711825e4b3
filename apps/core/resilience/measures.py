"""What Prometheus may know of the dependencies: the labels are names that the code declares."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

_CALLS = Counter("resilience_calls", "Attempts to call it, by what became of them.", ["dependency", "outcome"])
_RETRIES = Counter("resilience_retries", "Attempts beyond a call's first.", ["dependency"])
_UNPAID = Counter("resilience_retries_over_budget", "Attempts left out, since too many failed.", ["dependency"])
_FALLBACKS = Counter("resilience_fallbacks", "Calls answered with something older or less.", ["dependency"])
_OPENINGS = Counter("resilience_openings", "How often a circuit opened.", ["dependency"])
_STATE = Gauge(
    "resilience_state",
    "The worst of a dependency's circuits: 0 closed, 1 half open, 2 open.",
    ["dependency"],
    multiprocess_mode="livemax",
)
_UNDER_WAY = Gauge("resilience_calls_under_way", "Calls under way.", ["dependency"], multiprocess_mode="livesum")

OK, FAILED, CIRCUIT_OPEN, BULKHEAD_FULL, DEADLINE_PASSED = OUTCOMES = (
    "ok",
    "failed",
    "circuit_open",
    "bulkhead_full",
    "deadline_passed",
)


class Measures:
    """Those of one dependency, bound once: to look them up at each call would cost more than to count."""

    def __init__(self, dependency: str) -> None:
        self.calls = {outcome: _CALLS.labels(dependency, outcome) for outcome in OUTCOMES}
        self.retries, self.unpaid = _RETRIES.labels(dependency), _UNPAID.labels(dependency)
        self.fallbacks, self.openings = _FALLBACKS.labels(dependency), _OPENINGS.labels(dependency)
        self.state, self.under_way = _STATE.labels(dependency), _UNDER_WAY.labels(dependency)
