"""Line coverage of the platform's code, in all and by kind of test, for each service; and the gates on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from coverage import Coverage, CoverageData
from coverage.exceptions import CoverageException

from apps.core.testing.contexts import INTEGRATION, UNIT

ROOT = Path(__file__).resolve().parents[3]
TOGETHER = "together"
# Percent of the lines of apps/.
GATES = {TOGETHER: 90.0, UNIT: 80.0, INTEGRATION: 60.0}
_NO_CONTEXT = ""  # what runs at import time, whoever imports it


@dataclass
class Lines:
    """How many lines can run, and how many did, by kind."""

    all: int = 0
    covered: dict[str, int] = field(default_factory=lambda: dict.fromkeys(GATES, 0))

    def add(self, statements: set[int], covered: dict[str, set[int]]) -> None:
        self.all += len(statements)
        for kind, lines in covered.items():
            self.covered[kind] += len(lines & statements)

    def percent(self, kind: str) -> float:
        """0.0 where nothing was measured: a report that is empty by mistake must not pass a gate."""
        return 100.0 * self.covered[kind] / self.all if self.all else 0.0


def write(measured: Coverage, out: TextIO) -> list[str]:
    """Write the report. Returns what falls short of its gate, in words."""
    services = by_service(measured)
    whole = Lines()
    for lines in services.values():
        whole.all += lines.all
        for kind in GATES:
            whole.covered[kind] += lines.covered[kind]
    out.write("\n".join(["", "Line coverage of apps/", *_table({**services, "apps": whole}), ""]))
    short = [
        f"{kind}: {whole.percent(kind):.1f} % of the lines are covered, {gate:.0f} % are asked for"
        for kind, gate in GATES.items()
        if whole.percent(kind) < gate
    ]
    out.write("".join(f"coverage gate missed: {one}\n" for one in short))
    return short


def by_service(measured: Coverage) -> dict[str, Lines]:
    """Service (or core) -> its lines. Files that no test imported count with nothing covered."""
    found: dict[str, Lines] = {}
    data = measured.get_data()
    for path in sorted(_files(data)):
        try:
            _, statements, _, _, _ = measured.analysis2(str(path))
        except CoverageException:  # a file of a test's, gone by now
            continue
        service = path.relative_to(ROOT / "apps").parts[0]
        found.setdefault(service, Lines()).add(set(statements), _covered(data, path))
    return found


def _files(data: CoverageData) -> Iterator[Path]:
    """What was measured below apps/, with the files that nothing imported: coverage adds those of `source`."""
    for path in map(Path, data.measured_files()):
        if path.is_relative_to(ROOT / "apps") and path.exists():
            yield path


def _covered(data: CoverageData, path: Path) -> dict[str, set[int]]:
    by_line = data.contexts_by_lineno(str(path))
    return {
        TOGETHER: set(by_line),
        UNIT: {line for line, contexts in by_line.items() if {UNIT, _NO_CONTEXT} & set(contexts)},
        INTEGRATION: {line for line, contexts in by_line.items() if {INTEGRATION, _NO_CONTEXT} & set(contexts)},
    }


def _table(rows: dict[str, Lines]) -> Iterator[str]:
    yield f"{'':12}{'lines':>8}" + "".join(f"{kind:>14}" for kind in GATES)
    for name, lines in rows.items():
        yield f"{name:12}{lines.all:8}" + "".join(f"{lines.percent(kind):12.1f} %" for kind in GATES)
