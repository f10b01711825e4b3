"""Follows a chain record by record and says what is wrong with it. Knows no database: an export is walked likewise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from apps.iam.audit.chain import hash_of


class Fault(StrEnum):
    ALTERED = "altered"
    MISSING = "missing"
    INSERTED = "inserted"
    REORDERED = "reordered"
    UNLINKED = "unlinked"
    TRUNCATED = "truncated"
    HEAD_ALTERED = "head_altered"
    CHECKPOINT = "checkpoint_contradicted"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong, and at which place of the chain."""

    fault: Fault
    sequence: int
    text: str


@dataclass(slots=True)
class Walk:
    """`after` and `after_hash` name the record before the first one (None: whichever comes). `checkpoints` are hashes
    by sequence that somebody kept; with `gaps_allowed` (an export with filters) missing records are no fault.
    """

    after: int | None = None
    after_hash: str | None = None
    checkpoints: Mapping[int, str] = field(default_factory=dict)
    gaps_allowed: bool = False
    first: int | None = None
    records: int = 0

    def step(self, content: Mapping[str, Any], hash: str) -> Iterator[Problem]:
        """Take the next record. `content` is what is hashed, `hash` what the record says its hash is."""
        sequence, self.records = int(content["sequence"]), self.records + 1
        self.first = sequence if self.first is None else self.first
        if hash_of(content) != hash:
            yield Problem(
                Fault.ALTERED,
                sequence,
                f"record {sequence} ({content['id']}) was altered: its hash is not of its content",
            )
        yield from self._place(sequence, content)
        kept = self.checkpoints.get(sequence)
        if kept is not None and kept != hash:
            yield Problem(
                Fault.CHECKPOINT,
                sequence,
                f"record {sequence} is not the one of which a checkpoint was made: rewritten",
            )
        if self.after is None or sequence > self.after:
            self.after, self.after_hash = sequence, hash

    def _place(self, sequence: int, content: Mapping[str, Any]) -> Iterator[Problem]:
        after, name = self.after, f"record {sequence} ({content['id']})"
        if after is None:
            return
        if sequence == after:
            yield Problem(Fault.INSERTED, sequence, f"{name} claims a place that another record has")
        elif sequence < after:
            yield Problem(Fault.REORDERED, sequence, f"{name} comes after record {after}")
        elif sequence > after + 1:
            if not self.gaps_allowed:
                yield Problem(Fault.MISSING, after + 1, f"{_range(after + 1, sequence - 1)} missing")
        elif self.after_hash is not None and content["previous_hash"] != self.after_hash:
            yield Problem(Fault.UNLINKED, sequence, f"{name} does not follow the record {after} that is there")


def _range(first: int, last: int) -> str:
    return f"record {first} is" if first == last else f"records {first} to {last} are"
