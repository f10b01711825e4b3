"""`manage.py dead_letters`: what could not be handled, and what is to become of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.core.errors import DomainError
from apps.core.events import dead_letters
from apps.core.events.database import connect
from apps.core.events.models import DeadLetter
from apps.core.events.subscriptions import group_named
from apps.core.history import SYSTEM
from apps.core.tenancy import tenant


class Command(BaseCommand):
    help = "List the dead letters, retry those of a key in their order, or discard one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", type=UUID, help="id of one tenant; default: every one that has dead letters")
        actions = parser.add_subparsers(dest="action", required=True)
        listing = actions.add_parser("list", help="what is parked")
        listing.add_argument("--group")
        retry = actions.add_parser("retry", help="handle the parked events of a key, or of every key of the group")
        retry.add_argument("group")
        retry.add_argument("key", type=UUID, nargs="?", help="id of the aggregate")
        discard = actions.add_parser("discard", help="give one event up")
        discard.add_argument("id", type=UUID)
        discard.add_argument("--because", required=True)

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        try:
            getattr(self, f"_{action}")(options)
        except DomainError as error:
            raise CommandError(f"{error.code}: {error}") from error

    def _list(self, options: dict[str, Any]) -> None:
        count = 0
        for alias in settings.PRIMARY_ALIASES:
            for tenant_id in self._tenants(alias, options):
                with tenant(tenant_id):
                    for letter in dead_letters.open_letters(alias, group=options["group"]):
                        self.stdout.write(_line(letter))
                        count += 1
        self.stdout.write(f"{count} dead letters are open")

    def _retry(self, options: dict[str, Any]) -> None:
        try:
            group = group_named(options["group"])
        except KeyError:
            raise CommandError(f"there is no group {options['group']!r}") from None
        found = False
        for tenant_id in self._tenants(group.using, options):
            with tenant(tenant_id):
                keys = dead_letters.open_letters(group.using, group=group.name, key=options["key"])
                for key in dict.fromkeys(keys.values_list("key", flat=True)):
                    found = True
                    self._report(key, dead_letters.retry_key(group, key, actor=SYSTEM))
        if not found:
            raise CommandError(f"{group.name} has nothing parked here")

    def _report(self, key: UUID, retried: dead_letters.Retried) -> None:
        self.stdout.write(f"{key}: {retried.resolved} handled")
        if retried.stuck:
            self.stdout.write(f"{key}: stuck again at {_line(retried.stuck)}")

    def _discard(self, options: dict[str, Any]) -> None:
        for alias in settings.PRIMARY_ALIASES:
            for tenant_id in self._tenants(alias, options):
                with tenant(tenant_id):
                    if not DeadLetter.objects.using(alias).filter(id=options["id"]).exists():
                        continue
                    dead_letters.discard(
                        options["id"], using=alias, actor=SYSTEM, because=options["because"], now=timezone.now()
                    )
                    self.stdout.write(
                        f"dead letter {options['id']} is discarded; retry its key to let the next ones go"
                    )
                    return
        raise CommandError(f"there is no dead letter {options['id']}")

    def _tenants(self, alias: str, options: dict[str, Any]) -> list[UUID]:
        if options["tenant"]:
            return [options["tenant"]]
        if alias not in settings.DATABASE_RELAY_URLS:
            raise CommandError("name the tenant with --tenant: this process cannot look into all of them")
        with connect(alias, "dead letters") as connection:
            rows = connection.execute(
                "select distinct tenant_id from events_dead_letter where status in ('parked', 'retrying') order by 1"
            ).fetchall()
        return [row[0] for row in rows]


def _line(letter: DeadLetter) -> str:
    what = f"{letter.event_type} of {letter.key} #{letter.sequence}"
    why = letter.reason.splitlines()[0] if letter.reason else ""
    return f"{letter.id}  tenant {letter.tenant_id}  {letter.group}  {what}  {letter.status}  x{letter.attempts}  {why}"
