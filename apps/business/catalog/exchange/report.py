"""What is told at the end, and the refused lines as a file that can be mended and sent again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from apps.business.catalog.exchange.cells import Path, paths_text
from apps.business.catalog.exchange.columns import REPORTED
from apps.business.catalog.exchange.exporting import written
from apps.business.catalog.exchange.planning import CHANGED, CREATED, UNCHANGED, Plan
from apps.business.catalog.exchange.reader import CatalogueFile, Refused
from apps.business.spreadsheet import guarded

_SHOWN = 200


@dataclass(slots=True)
class Report:
    """What became of a file, or would become of it."""

    file: CatalogueFile
    dry_run: bool
    counts: Counter[str] = field(default_factory=Counter)
    refused: list[Refused] = field(default_factory=list)
    shown: list[Plan] = field(default_factory=list)
    new_categories: set[Path] = field(default_factory=set)

    def count(self, plan: Plan) -> None:
        self.counts[plan.becomes] += 1

    def show(self, plan: Plan) -> None:
        if plan.becomes != UNCHANGED and len(self.shown) < _SHOWN:
            self.shown.append(plan)

    def as_json(self) -> dict[str, Any]:
        """For the result of a job."""
        return {
            "summary": told(self),
            "dry_run": self.dry_run,
            "lines": self.file.line_count,
            **{name: self.counts[name] for name in (CREATED, CHANGED, UNCHANGED)},
            "refused": len(self.refused),
            "new_categories": [paths_text([path]) for path in sorted(self.new_categories)][:_SHOWN],
            "passed_over": self.file.passed_over,
            "shown": [
                {"line": plan.line.number, "sku": plan.line.sku, "becomes": plan.becomes, "columns": list(plan.changes)}
                for plan in self.shown
            ],
            "refusals": [{"line": one.number, "sku": one.sku, "reason": one.reason} for one in self.refused[:_SHOWN]],
        }


def told(report: Report) -> str:
    """The same in words, a line for each."""
    will = "would be " if report.dry_run else ""
    told = [f"{report.file.line_count:,} lines"]
    told += [f"  {report.counts[name]:>9,}  {will}{name}" for name in (CREATED, CHANGED)]
    told += [f"  {report.counts[UNCHANGED]:>9,}  as they are", f"  {len(report.refused):>9,}  {will}refused"]
    if report.new_categories:
        told.append(f"  {len(report.new_categories):>9,}  categories {will}made")
    told += [f"The column {name} is told and not imported." for name in report.file.passed_over]
    return "\n".join(told)


def refused_csv(refused: Sequence[Refused], columns: Sequence[str]) -> str:
    """Each refused line as it was, with its number and the reason. Mended, the file can be imported as it is."""
    names = [*REPORTED, *(name for name in columns if name not in REPORTED)]
    rows = [
        [guarded({**one.cells, "line": str(one.number), "reason": one.reason}.get(name, "")) for name in names]
        for one in sorted(refused, key=lambda one: one.number)
    ]
    return written([names, *rows])
