"""A world whose time passes only when somebody says so."""

from __future__ import annotations

import random

from apps.core.resilience.surroundings import Surroundings


class World:
    """`world.surroundings` goes into what is tested; `slept_s` tells how long it waited, one entry for each time."""

    def __init__(self, seed: int = 1) -> None:
        self.time = 1_000.0
        self.slept_s: list[float] = []
        self.random = random.Random(seed)
        self.surroundings = Surroundings(lambda: self.time, self._sleep, self.random.random)

    def pass_(self, seconds: float) -> None:
        self.time += seconds

    def _sleep(self, seconds: float) -> None:
        self.slept_s.append(seconds)
        self.time += seconds
