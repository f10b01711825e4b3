"""Verifies an exported file by itself: neither the database nor, with a public key given, the platform is needed."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TextIO

from apps.core.crypto.signing import NotSigned
from apps.iam.audit.checkpoints import Checkpoint, read_checkpoint
from apps.iam.audit.exporting import plain
from apps.iam.audit.walking import Fault, Problem, Walk

MOST_PROBLEMS = 100
_IDS = ("actor_id", "impersonator_id")


@dataclass(slots=True)
class FileReport:
    """What was found in a file. `complete` is None where no signed checkpoint says what the file should hold."""

    records: int = 0
    first: int | None = None
    last: int = 0
    gaps: int = 0
    complete: bool | None = None
    checkpoint: Checkpoint | None = None
    problems: list[Problem] = field(default_factory=list)

    @property
    def intact(self) -> bool:
        return not self.problems

    def add(self, problems: Iterable[Problem]) -> None:
        self.problems += list(problems)[: MOST_PROBLEMS - len(self.problems)]


def verify_file(
    file: TextIO, *, keys: Sequence[Mapping[str, Any]] | None = None, checkpoints: Iterable[Checkpoint] = ()
) -> FileReport:
    """Verify an export, JSON Lines or CSV, line by line. `keys` are public JWKs (ours when left out).

    What is missing is a fault where the file's own signed checkpoint says that it was exported whole.
    """
    report, digest, walk = FileReport(), hashlib.sha256(), Walk(gaps_allowed=True)
    missing: list[Problem] = []
    for number, line in enumerate(_lines(file), start=1):
        try:
            if "checkpoint" in line:
                report.checkpoint = read_checkpoint(str(line["checkpoint"]), keys=keys)
                continue
            content, hash_ = _parts(line)
            if walk.after is None:
                walk.checkpoints = _hashes(checkpoints, str(content["tenant_id"]))
            missing += _gap(walk, int(content["sequence"]))[: MOST_PROBLEMS - len(missing)]
            report.add(walk.step(content, hash_))
            digest.update(hash_.encode())
        except (NotSigned, KeyError, TypeError, ValueError) as error:
            text = f"line {number} is no record and no checkpoint of ours: {error}"
            report.add([Problem(Fault.UNREADABLE, walk.after or 0, text)])
    report.records, report.first, report.last, report.gaps = walk.records, walk.first, walk.after or 0, len(missing)
    _judge(report, walk, digest.hexdigest(), missing)
    return report


def _judge(report: FileReport, walk: Walk, digest: str, missing: list[Problem]) -> None:
    point = report.checkpoint
    if point is None or point.export is None:
        return
    report.complete = not point.export.get("filters")
    if report.complete:
        report.add(missing)
    if point.sequence == walk.after and point.hash != walk.after_hash:
        report.add([Problem(Fault.CHECKPOINT, point.sequence, "the last record is not the one that was exported")])
    if (walk.records, digest) != (point.export.get("records"), point.export.get("digest")):
        text = f"the file held {point.export.get('records')} records when it was exported, and is not the same any more"
        report.add([Problem(Fault.CHECKPOINT, walk.after or 0, text)])


def _gap(walk: Walk, sequence: int) -> list[Problem]:
    if walk.after is None or sequence <= walk.after + 1:
        return []
    return [
        Problem(Fault.MISSING, walk.after + 1, f"{sequence - walk.after - 1} records before {sequence} are missing")
    ]


def _hashes(checkpoints: Iterable[Checkpoint], tenant_id: str) -> dict[int, str]:
    return {point.sequence: point.hash for point in checkpoints if str(point.tenant_id) == tenant_id}


def _parts(line: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    content = dict(line)
    return content, str(content.pop("hash"))


def _lines(file: TextIO) -> Iterator[Mapping[str, Any]]:
    """The lines as mappings. A line that is none gives an empty one."""
    first = file.readline()
    if first.lstrip("\ufeff").startswith("{"):
        yield _decoded(first)
        yield from (_decoded(text) for text in file if text.strip())
        return
    names = next(csv.reader([first]), [])
    yield from (_row(dict(zip(names, cells, strict=False))) for cells in csv.reader(file))


def _decoded(text: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text.lstrip("\ufeff"))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _row(cells: Mapping[str, str]) -> Mapping[str, Any]:
    try:
        content: dict[str, Any] = {name: plain(cell) for name, cell in cells.items()}
        content |= {name: int(content[name]) for name in ("sequence", "format")}
        content |= {name: content[name] or None for name in _IDS}
        return {**content, "details": json.loads(content["details"])}
    except (KeyError, ValueError):
        return {}
