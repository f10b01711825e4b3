"""`manage.py erase_person ada@acme.example --as sam@platform.example --reason "asked for it"`"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.core.errors import DomainError
from apps.core.history import Actor
from apps.core.tenancy import PLATFORM, tenant
from apps.iam.approvals import commands as approvals
from apps.iam.approvals import pending
from apps.iam.users import commands, queries


class Command(BaseCommand):
    help = (
        "Erase a person who was deleted, for good: their keys, and all that is kept of them. Takes two people of the "
        "platform's staff: one asks, with --as; another one approves, in the console or by REST. With --again: erase "
        "whoever a restored backup has brought back."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("person", nargs="?", help="Their id, or the address that they had.")
        parser.add_argument("--as", dest="staff", metavar="ADDRESS", help="The member of staff who asks for it.")
        parser.add_argument("--reason", default="", help="Kept in the security log. Do not name the person.")
        parser.add_argument("--again", action="store_true", help="Everybody who was erased before and is there again.")

    def handle(self, *args: Any, person: str | None, staff: str | None, reason: str, **options: Any) -> None:
        try:
            if options["again"]:
                self._again()
            elif person and staff:
                self._ask(_deleted(person), _staff(staff), reason)
            else:
                raise CommandError("say whom, and with --as who asks for it; or --again")
        except (DomainError, OSError) as error:
            raise CommandError(f"{getattr(error, 'code', 'cannot_note')}: {error}") from error

    def _again(self) -> None:
        count = 0
        for user_id in queries.back_from_erasure():
            commands.erase_again(user_id=user_id)
            count += 1
        self.stdout.write(f"{count} people were erased again")

    def _ask(self, user_id: UUID, actor: Actor, reason: str) -> None:
        facts: Any = {"actor": actor, "now": timezone.now(), "reason": reason}
        with tenant(PLATFORM):
            outcome = approvals.done_or_requested(lambda: commands.erase_person(user_id=user_id, **facts), **facts)
        if pending.is_pending(outcome):
            self.stdout.write(f"{user_id}: somebody else of the platform's staff must approve request {outcome.id}")


def _deleted(person: str) -> UUID:
    try:
        return UUID(person)
    except ValueError:
        found = queries.deleted_by_email(person)
    if len(found) != 1:
        raise CommandError(f"{len(found)} deleted people had the address {person}: delete first, or give the id")
    return found[0]


def _staff(address: str) -> Actor:
    user = queries.user_by_email(address)
    if user is None or not queries.is_platform_staff(user.id):
        raise CommandError(f"{address} is none of the platform's staff, who could sign in")
    return Actor(kind="user", id=user.id, name=user.name)
