"""Whether outcomes have become worse than this dependency's are as a rule, and what a slow one is."""

from __future__ import annotations

import math

MEMORY_S = 60.0  # evidence fades with this time constant: five failures in a day are no outage
_LEAST_USUAL, _MOST_USUAL = 0.15, 0.4  # below, chance would decide; above, nothing would ever be unusual
_WORSE_BY = 0.5
_LEARNS = 1 / 500


class Detector:
    """Finds the moment at which a share of bad outcomes has risen by much. Not safe to share: its owner has a lock.

    Page's cumulative sum (E. S. Page, "Continuous inspection schemes", Biometrika 41, 1954): each outcome adds its
    log-likelihood ratio between "worse by 0.5" and "as usual"; the sum never falls below 0. Of all tests with as few
    false alarms it finds a change soonest (Moustakides, Annals of Statistics 14, 1986), and it keeps two numbers where
    a window keeps a hundred. `usual` is learned slowly, so a dependency that always fails now and then may.
    """

    __slots__ = ("_at", "_bad", "_calls", "_usual", "score")

    def __init__(self) -> None:
        self.score = 0.0
        self._usual = _LEAST_USUAL
        self._at = self._calls = self._bad = 0.0

    def add(self, bad: bool, now: float) -> None:
        """One outcome more. About a microsecond."""
        kept = math.exp((self._at - now) / MEMORY_S)
        self._at, self._calls, self._bad = now, self._calls * kept + 1.0, self._bad * kept + bad
        usual = min(max(self._usual, _LEAST_USUAL), _MOST_USUAL)
        worse = usual + _WORSE_BY
        ratio = worse / usual if bad else (1.0 - worse) / (1.0 - usual)
        self.score = max(0.0, self.score * kept + math.log(ratio))
        self._usual += (bad - self._usual) * _LEARNS

    def share(self) -> float:
        """The share of bad outcomes among those of the last minute or two, the newer the more."""
        return self._bad / self._calls if self._calls else 0.0

    def recent(self, now: float) -> tuple[float, float]:
        """The outcomes of about the last minute, and the bad ones of them."""
        kept = math.exp((self._at - now) / MEMORY_S)
        return self._calls * kept, self._bad * kept

    def forget(self) -> None:
        """Begin anew, with what is usual kept."""
        self.score = self._calls = self._bad = 0.0


class Pace:
    """The time within which 95 of 100 good calls are done, followed step by step (Robbins and Monro, 1951)."""

    __slots__ = ("p95_s",)

    def __init__(self) -> None:
        self.p95_s = 0.0  # not known yet

    def add(self, took_s: float) -> None:
        if not self.p95_s:
            self.p95_s = took_s
        else:
            self.p95_s *= 1.1 if took_s > self.p95_s else _DOWN


_DOWN = 1.1 ** -(5 / 95)  # nineteen steps down undo one up
