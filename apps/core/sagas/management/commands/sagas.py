"""`manage.py sagas`: what runs in several steps, how it stands, and what is to become of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.core.errors import DomainError
from apps.core.events.database import connect
from apps.core.history import SYSTEM
from apps.core.sagas import queries, repairing, story
from apps.core.sagas.models import Instance
from apps.core.tenancy import tenant

_REPAIRS = {
    "retry": (repairing.retry, "let one that needs attention try again"),
    "skip": (repairing.skip, "go on as if what failed had been done"),
    "resolve": (repairing.resolve, "close one whose rest was settled by hand"),
    "cancel": (repairing.cancel, "undo what one has done so far"),
}


class Command(BaseCommand):
    help = "List sagas, show one, or repair it."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        listing = actions.add_parser("list", help="what is stuck, in every tenant; with --all whatever is not over")
        listing.add_argument("--all", action="store_true")
        actions.add_parser("show", help="one saga with its steps").add_argument("id", type=UUID)
        for name, (_, text) in _REPAIRS.items():
            repair = actions.add_parser(name, help=text)
            repair.add_argument("id", type=UUID)
            repair.add_argument("--because", required=name != "retry", default="")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        try:
            if action == "list":
                self._list(everything=options["all"])
            elif action == "show":
                self._show(options["id"])
            else:
                self._repair(action, options)
        except DomainError as error:
            raise CommandError(f"{error.code}: {error}") from error

    def _list(self, *, everything: bool) -> None:
        count = 0
        for alias in settings.PRIMARY_ALIASES:
            for tenant_id in _tenants(alias):
                with tenant(tenant_id):
                    rows = queries.instances(alias) if everything else queries.stuck(alias, now=timezone.now())
                    for row in rows.exclude(state__in=Instance.CLOSED):
                        self.stdout.write(_line(row))
                        count += 1
        self.stdout.write(f"{count} sagas are {'open' if everything else 'stuck'}")

    def _show(self, saga_id: UUID) -> None:
        with _found(saga_id) as (row, _):
            self.stdout.write(_line(row))
            for step in story.steps_of(row, queries.entries_of(row)):
                self.stdout.write(f"  {step.name}  {step.state}  x{step.attempts}  {step.detail}".rstrip())
            if following := story.what_next(row):
                self.stdout.write(f"next: {following}")

    def _repair(self, action: str, options: dict[str, Any]) -> None:
        command, _ = _REPAIRS[action]
        with _found(options["id"]) as (row, alias):
            changed = command(row.id, using=alias, reason=options["because"], actor=SYSTEM, now=timezone.now())
            self.stdout.write(f"saga {changed.id} is {changed.state}")


@contextmanager
def _found(saga_id: UUID) -> Iterator[tuple[Instance, str]]:
    """The saga and its database, inside its tenant. Raises CommandError for one that is nowhere."""
    for alias in settings.PRIMARY_ALIASES:
        with connect(alias, "sagas") as connection:
            known = connection.execute("select tenant_id from sagas_instance where id = %s", [saga_id]).fetchone()
        if known is not None:
            with tenant(known[0]):
                yield queries.instance(saga_id, using=alias), alias
            return
    raise CommandError(f"there is no saga {saga_id}")


def _tenants(alias: str) -> list[UUID]:
    with connect(alias, "sagas") as connection:
        rows = connection.execute("select distinct tenant_id from sagas_instance where closed_at is null order by 1")
        return [tenant_id for (tenant_id,) in rows.fetchall()]


def _line(row: Instance) -> str:
    step = story.present_step(row)
    why = row.failure.splitlines()[0] if row.failure else ""
    what = f"{row.id}  tenant {row.tenant_id}  {row.name}  of {row.key}"
    return f"{what}  {row.state}  {step}  x{row.attempts}  {why}".rstrip()
