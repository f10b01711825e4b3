"""Measuring side by side: the candidates take turns in one run, so that what the machine does meanwhile hits all alike.

Only the ratios are to be trusted; each comes with its spread. Every report names the machine, the commit and the time.
A comparison may have a limit: then each ratio is called a pass or a miss, and nothing fails by it.
"""

from __future__ import annotations

import math
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
Work = Callable[[], int]
Sample = Callable[[], Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Row:
    """One candidate: the median rate over the rounds, the spread between the quartiles, the ratio to the first."""

    name: str
    per_second: float
    spread: float
    ratio: float


@dataclass(slots=True)
class Table:
    """What one comparison found. `unit` is what the rate counts; `note` says what was and was not done."""

    title: str
    unit: str
    rows: list[Row]
    note: str = ""
    limit: float | None = None

    def __str__(self) -> str:
        width = max(len(row.name) for row in self.rows)
        lines = [f"{self.title}", *([f"  {self.note}"] if self.note else [])]
        for row in self.rows:
            rate = f"{row.per_second:>12,.0f} {self.unit}/s"
            verdict = _verdict(1 / row.ratio, self.limit) if row is not self.rows[0] else ""
            lines.append(f"  {row.name:<{width}}  {rate}  ±{row.spread:>4.0%}  {row.ratio:>6.2f}x{verdict}")
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Latency:
    """How long one thing took: seconds at the 50th and 95th percentile, of the first candidate and of the other.

    `spread` is that of the ratio of the 95th percentiles, over the rounds.
    """

    name: str
    first: tuple[float, float]
    other: tuple[float, float]
    spread: float

    @property
    def ratios(self) -> tuple[float, float]:
        return self.other[0] / self.first[0], self.other[1] / self.first[1]


@dataclass(slots=True)
class LatencyTable:
    """What two candidates took for the same things, each by turns."""

    title: str
    names: tuple[str, str]
    rows: list[Latency]
    note: str = ""
    limit: float | None = None

    def __str__(self) -> str:
        width = max(len(row.name) for row in self.rows)
        lines = [f"{self.title}", *([f"  {self.note}"] if self.note else [])]
        lines.append(f"  {'p50 / p95':<{width}}  {self.names[0]:>21}  {self.names[1]:>21}    p50     p95")
        for row in self.rows:
            half, most = row.ratios
            spans = f"{_spans(row.first):>21}  {_spans(row.other):>21}"
            verdict = _verdict(most, self.limit)
            lines.append(f"  {row.name:<{width}}  {spans}  {half:>5.2f}x  {most:>5.2f}x ±{row.spread:>3.0%}{verdict}")
        return "\n".join(lines)


@dataclass(slots=True)
class Bench:
    """Runs comparisons and keeps their tables."""

    rounds: int = 7
    tables: list[Table | LatencyTable] = field(default_factory=list)

    def compare(
        self, title: str, unit: str, candidates: Mapping[str, Work], *, note: str = "", limit: float | None = None
    ) -> Table:
        """Let the candidates take turns. Each returns how many units it did; ratios are to the first."""
        rates: dict[str, list[float]] = {name: [] for name in candidates}
        for _ in range(self.rounds):
            for name, work in candidates.items():
                begun = time.perf_counter()
                done = work()
                rates[name].append(done / (time.perf_counter() - begun))
        return self._handed_in(Table(title, unit, rows(rates), note, limit))

    def latencies(
        self, title: str, candidates: Mapping[str, Sample], *, samples: int, note: str = "", limit: float | None = None
    ) -> LatencyTable:
        """Let two candidates take turns, sample by sample, in rounds of `samples`. A sample measures itself, so that
        it can prepare, and returns the seconds of each thing that it did, by name.
        """
        taken: dict[str, list[list[Mapping[str, float]]]] = {name: [] for name in candidates}
        for _ in range(self.rounds):
            for name in candidates:
                taken[name].append([])
            for _ in range(samples):
                for name, sample in candidates.items():
                    taken[name][-1].append(sample())
        (first, others), (second, theirs) = taken.items()
        found = [_latency(name, others, theirs) for name in others[0][0]]
        return self._handed_in(LatencyTable(title, (first, second), found, note, limit))

    def _handed_in(self, table: Any) -> Any:
        self.tables.append(table)
        sys.stdout.write(f"{table}\n\n")
        sys.stdout.flush()
        return table


def rows(rates: Mapping[str, list[float]]) -> list[Row]:
    """Medians, spreads and ratios to the first candidate."""
    medians = {name: statistics.median(values) for name, values in rates.items()}
    first = next(iter(medians.values()))
    return [Row(name, medians[name], _spread(values), medians[name] / first) for name, values in rates.items()]


def _latency(name: str, first: list[list[Mapping[str, float]]], other: list[list[Mapping[str, float]]]) -> Latency:
    of_first, of_other = ([[one[name] for one in of_round] for of_round in taken] for taken in (first, other))
    pairs = zip(of_first, of_other, strict=True)
    ratios = [_percentile(theirs, 95) / _percentile(ours, 95) for ours, theirs in pairs]
    return Latency(name, _percentiles([*chain(*of_first)]), _percentiles([*chain(*of_other)]), _spread(ratios))


def _percentiles(values: list[float]) -> tuple[float, float]:
    return _percentile(values, 50), _percentile(values, 95)


def _percentile(values: list[float], percent: int) -> float:
    """The least value that so many percent do not exceed (the nearest rank)."""
    return sorted(values)[max(0, math.ceil(len(values) * percent / 100) - 1)]


def _spans(seconds: tuple[float, float]) -> str:
    scale, unit = (1e3, "ms") if seconds[1] >= 1e-3 else (1e6, "µs")
    return f"{seconds[0] * scale:,.2f} / {seconds[1] * scale:,.2f} {unit}"


def _verdict(ratio: float, limit: float | None) -> str:
    if limit is None:
        return ""
    return f"  {'pass' if ratio <= limit else 'MISS'} (at most {limit:.1f}x)"


def _spread(values: list[float]) -> float:
    if len(values) < 4:
        return (max(values) - min(values)) / statistics.median(values)
    low, _, high = statistics.quantiles(values, n=4)
    return (high - low) / statistics.median(values)


def stamp() -> str:
    """Machine, interpreter, commit and time of a run, in one line."""
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=10
    )
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    machine = f"{platform.system()} {platform.machine()}, {cores} cores, {_memory_gib():.0f} GiB, {_processor()}"
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"{machine}; Python {platform.python_version()}; commit {commit.stdout.strip() or 'unknown'}; {now}"


def _memory_gib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or "unknown processor"
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown processor"
    )
