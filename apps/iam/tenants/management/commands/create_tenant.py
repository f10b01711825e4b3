"""`manage.py create_tenant acme --name "Acme Trading" --currency GBP --owner ada@example.com`"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.core import mail
from apps.core.errors import DomainError
from apps.core.history import SYSTEM
from apps.iam.oidc import commands as oidc
from apps.iam.tenants import commands
from apps.iam.tenants.errors import TenantExists
from apps.iam.tenants.runs import Done


class Command(BaseCommand):
    help = (
        "Let a company join the platform: its settings, its first owner by invitation, then it is open. Safe to "
        "repeat: what was interrupted is carried on, and a tenant that has the slug already stays as it is."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="Short name in URLs and commands: small letters, digits, hyphens.")
        parser.add_argument("--name", required=True)
        parser.add_argument("--currency", default="EUR", help="ISO 4217 code (default: EUR).")
        parser.add_argument("--owner", help="Address of the first owner. Without one nobody can sign in yet.")
        parser.add_argument("--owner-name", default="", help="The owner's name (default: the address).")
        parser.add_argument("--time-zone", help="IANA time zone (default: UTC).")
        parser.add_argument("--locale", help="Language tag (default: en-GB).")
        parser.add_argument("--demo", action="store_true", help="Fill it with demonstration data.")

    def handle(self, *args: Any, slug: str, name: str, currency: str, **options: Any) -> None:
        try:
            if not options["owner"]:
                tenant = commands.create_tenant(slug=slug, name=name, default_currency=currency)
                self.stdout.write(f"tenant {tenant.slug} has the id {tenant.id}")
                return
            oidc.ensure_bff_client()
            self._provision(commands.NewTenant(slug=slug, name=name, default_currency=currency, **_facts(options)))
        except TenantExists as error:
            self.stdout.write(f"tenant {slug} has the id {error.extra['tenant_id']}, and stays as it is")
        except DomainError as error:
            raise CommandError(f"{error.code}: {error}") from error

    def _provision(self, new: commands.NewTenant) -> None:
        made = commands.provision_tenant(new=new, actor=SYSTEM, now=timezone.now(), told=self._tell)
        seconds = sum(one.seconds for one in made.steps)
        self.stdout.write(f"tenant {made.tenant.slug} has the id {made.tenant.id}, ready after {seconds:.1f} s")
        if made.one_time_password:
            self.stdout.write(f"password of {new.owner_email} (shown only now): {made.one_time_password}")
        elif mail.is_on():
            self.stdout.write(f"{new.owner_email} is sent the way to join")
        else:
            self.stdout.write(f"{new.owner_email} was known already: sign in with the password it has")

    def _tell(self, done: Done) -> None:
        self.stdout.write(f"  {done.step.label}: {'done before' if done.before else f'{done.seconds:.2f} s'}")


def _facts(options: dict[str, Any]) -> dict[str, Any]:
    settings = {name: options[name] for name in ("time_zone", "locale") if options[name]}
    return {
        "owner_email": options["owner"],
        "owner_name": options["owner_name"] or options["owner"],
        "settings": settings,
        "with_demo": options["demo"],
    }
