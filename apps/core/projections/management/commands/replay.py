"""`manage.py replay PROJECTION`: make a read model again from the log, beside the one that is read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from apps.core.errors import DomainError
from apps.core.history import SYSTEM
from apps.core.projections import commands, queries
from apps.core.projections.commands import Heard
from apps.core.projections.definition import Projection, projections
from apps.core.projections.models import Rebuild


class Command(BaseCommand):
    help = (
        "Build a projection again from the log, beside the one that is read, and say how they differ. Goes on where it "
        "was killed. Writers, readers and consumers go on meanwhile."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("projection", nargs="?", help="its name; without one: what there is")
        actions = parser.add_mutually_exclusive_group()
        actions.add_argument("--swap", action="store_true", help="build it if need be, and put it in place at once")
        actions.add_argument("--rollback", action="store_true", help="let what was read before be read again")
        actions.add_argument("--discard", action="store_true", help="throw the shadow away")

    def handle(self, *args: Any, projection: str | None, **options: Any) -> None:
        try:
            if projection is None:
                self._list()
            else:
                self._act(queries.projection_named(projection), options)
        except DomainError as error:
            raise CommandError(str(error)) from error

    def _list(self) -> None:
        for one in projections():
            newest = queries.newest_rebuild(one)
            self.stdout.write(f"{one.name:24} {one.service:10} {_state(newest)}")

    def _act(self, projection: Projection, options: dict[str, Any]) -> None:
        if options["rollback"]:
            with _shown_progress() as heard:
                commands.roll_back(projection, actor=SYSTEM, now=timezone.now(), heard=heard)
            self.stdout.write(f"{projection.name}: what was read before is read again")
        elif options["discard"]:
            commands.discard(projection, actor=SYSTEM, now=timezone.now())
            self.stdout.write(f"{projection.name}: the shadow is gone")
        else:
            self._build(projection, swap=options["swap"])

    def _build(self, projection: Projection, *, swap: bool) -> None:
        with _shown_progress() as heard:
            made = commands.build(projection, actor=SYSTEM, now=timezone.now(), heard=heard)
        self.stdout.write(f"{projection.name}: built from {made.events_done:,} events")
        self._report(made)
        if not swap:
            self.stdout.write(f"Put it in place with: manage.py replay {projection.name} --swap")
            return
        with _shown_progress() as heard:
            commands.put_in_place(projection, actor=SYSTEM, now=timezone.now(), heard=heard)
        self.stdout.write(f"{projection.name}: in place. Take it back within a day with --rollback")

    def _report(self, made: Rebuild) -> None:
        if not queries.totals(made.differences):
            self.stdout.write("no row differs from what is read now")
            return
        for table, found in made.differences.items():
            self.stdout.write(
                f"{table}: {found['missing']:,} rows are missing from what is read now, {found['superfluous']:,} are "
                f"there that should not be, {found['changed']:,} differ"
            )
            for sample in found["samples"]:
                self.stdout.write(f"  {sample['kind']:12} {', '.join(sample['key'])}  (tenant {sample['tenantId']})")


def _state(newest: Rebuild | None) -> str:
    if newest is None:
        return "never built again"
    text = f"{newest.state}, {newest.events_done:,} events, begun {newest.started_at:%Y-%m-%d %H:%M}"
    return f"{text}: {newest.failure}" if newest.failure else text


@contextmanager
def _shown_progress() -> Iterator[Heard]:
    """A bar on a terminal; nothing elsewhere."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("replaying", total=None)
        yield lambda made: bar.update(task, completed=made.position, total=made.target)
