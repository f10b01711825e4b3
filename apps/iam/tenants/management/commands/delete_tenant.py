"""`manage.py delete_tenant acme --as sam@platform.example --reason "contract ended"`"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.core.errors import DomainError
from apps.core.history import SYSTEM, Actor
from apps.core.tenancy import PLATFORM
from apps.core.tenancy import tenant as entered
from apps.iam.approvals import commands as approvals
from apps.iam.approvals import pending
from apps.iam.approvals import queries as approval_queries
from apps.iam.tenants import commands, queries
from apps.iam.tenants.models import LifecycleRun, Tenant
from apps.iam.tenants.runs import Done
from apps.iam.users import queries as users


class Command(BaseCommand):
    help = (
        "Delete a tenant with everything in it. Takes two people of the platform's staff: one asks, with --as; another "
        "one approves, in the console or by REST. Then the data are erased after TENANT_DELETION_DAYS, until when "
        "--cancel calls it off. Without options: says how far it has come. Safe to repeat."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug")
        what = parser.add_mutually_exclusive_group()
        what.add_argument(
            "--as", dest="staff", metavar="ADDRESS", help="Ask for it, in the name of this member of staff."
        )
        what.add_argument("--cancel", action="store_true", help="Call it off: the tenant stays.")
        what.add_argument(
            "--erase", action="store_true", help="Erase now what is due, or carry on where a crash left off."
        )
        parser.add_argument("--reason", default="", help="Kept in the security log.")

    def handle(self, *args: Any, slug: str, staff: str | None, reason: str, **options: Any) -> None:
        try:
            company = queries.tenant_by_slug(slug)
            if staff is not None:
                self._ask(company, _staff(staff), reason)
            elif options["cancel"]:
                commands.cancel_deletion(tenant_id=company.id, actor=SYSTEM, reason=reason)
                self.stdout.write(f"called off: {slug} stays")
            elif options["erase"]:
                commands.erase_tenant(tenant_id=company.id, now=timezone.now(), told=self._tell)
                self.stdout.write(f"{slug} is erased: all that is left is that there was a tenant {company.id}")
            else:
                self.stdout.write(f"{slug}: {_state(company)}")
        except DomainError as error:
            raise CommandError(f"{error.code}: {error}") from error

    def _ask(self, company: Tenant, actor: Actor, reason: str) -> None:
        facts: Any = {"actor": actor, "now": timezone.now(), "reason": reason}
        with entered(PLATFORM):
            outcome = approvals.done_or_requested(
                lambda: commands.plan_deletion(tenant_id=company.id, **facts), **facts
            )
        if pending.is_pending(outcome):
            self.stdout.write(
                f"{company.slug}: somebody else of the platform's staff must approve request {outcome.id}"
            )

    def _tell(self, done: Done) -> None:
        self.stdout.write(f"  {done.step.label}: {'done before' if done.before else f'{done.seconds:.2f} s'}")


def _staff(address: str) -> Actor:
    user = users.user_by_email(address)
    if user is None or not users.is_platform_staff(user.id):
        raise CommandError(f"{address} is none of the platform's staff, who could sign in")
    return Actor(kind="user", id=user.id, name=user.name)


def _state(company: Tenant) -> str:
    run = queries.run_of(company.id, LifecycleRun.Kind.ERASE)
    if run is not None:
        stopped = f"; it stopped at {run.failed_step}: {run.failure}" if run.failed_step else ""
        return f"is being erased, done so far: {', '.join(run.steps_done) or 'nothing'}{stopped}"
    if company.deletion_due_at is not None:
        return f"will be erased at {company.deletion_due_at.isoformat(timespec='seconds')}"
    with entered(PLATFORM):
        asked = approval_queries.waiting_about(commands.DELETE_TENANT, company.id)
    return f"{asked.requested_by_name} asked for its deletion (request {asked.id})" if asked else "is not to be deleted"
