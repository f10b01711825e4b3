"""All of a file: looked at only, or applied."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

from apps.business.catalog.exchange.applying import Doing, apply
from apps.business.catalog.exchange.planning import CHANGED, CREATED, UNCHANGED, FileSoFar, Plan, plans_of
from apps.business.catalog.exchange.reader import CatalogueFile, Line
from apps.business.catalog.exchange.report import Report
from apps.core.errors import DomainError
from apps.core.history import Actor

_BATCH = 500
Tell = Callable[[int, int], None]
Keep = Callable[[Mapping[str, int]], None]


def check_file(file: CatalogueFile, *, may_manage_stock: bool, now: datetime, tell: Tell) -> Report:
    """What would become of each line. Writes nothing. `tell(done, total)` hears of every five hundred lines."""
    report, so_far = Report(file, dry_run=True, refused=list(file.refused)), FileSoFar(may_manage_stock, now)
    for plans in _planned(file, so_far, report, tell):
        for plan in plans:
            report.count(plan)
            report.show(plan)
    report.new_categories = so_far.new_categories
    return report


def import_file(
    file: CatalogueFile,
    *,
    may_manage_stock: bool,
    actor: Actor,
    now: datetime,
    tell: Tell,
    done_before: Mapping[str, int] | None = None,
    keep: Keep = lambda counts: None,
) -> Report:
    """Apply each line that can be applied, in a transaction of its own.

    Safe to run twice, and to be killed at any point: what a line asks for is compared with what there is, so that a
    second run finds done what was done. `keep(counts)` is called in the transaction of each line; `done_before` is
    what it was told last by a run that was cut off, so that the numbers at the end are those of all runs together.
    """
    report, so_far = Report(file, dry_run=False, refused=list(file.refused)), FileSoFar(may_manage_stock, now)
    report.counts = Counter(done_before or {})
    doing = Doing(actor=actor, now=now)

    def note(plan: Plan) -> None:
        keep({**report.counts, plan.becomes: report.counts[plan.becomes] + 1})

    for plans in _planned(file, so_far, report, tell):
        for plan in plans:
            if plan.becomes == UNCHANGED:
                continue
            try:
                apply(plan, doing, note)
            except DomainError as error:
                report.refused.append(plan.line.refused(str(error)))
            else:
                report.count(plan)
                report.show(plan)
    report.new_categories = so_far.new_categories
    report.counts[UNCHANGED] = file.line_count - len(report.refused) - report.counts[CREATED] - report.counts[CHANGED]
    return report


def _planned(file: CatalogueFile, so_far: FileSoFar, report: Report, tell: Tell) -> Iterator[Sequence[Plan]]:
    """The plans, some hundred lines at a time: variants after everything that they may be variants of."""
    lines: list[Line] = sorted(file.lines, key=lambda line: (bool(line.master_sku), line.number))
    tell(0, len(lines))
    for start in range(0, len(lines), _BATCH):
        plans, refused = plans_of(lines[start : start + _BATCH], so_far)
        report.refused.extend(refused)
        yield plans
        tell(min(start + _BATCH, len(lines)), len(lines))
