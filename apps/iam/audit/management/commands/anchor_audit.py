"""`manage.py anchor_audit --all >> /worm/checkpoints`: a signed checkpoint of each chain, one a line."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.core.errors import DomainError
from apps.core.tenancy import PLATFORM, tenant
from apps.iam.audit import anchoring, commands
from apps.iam.audit.errors import ChainBroken
from apps.iam.audit.maintenance import chain_ids
from apps.iam.tenants import queries as tenants


class Command(BaseCommand):
    help = (
        "Print a signed checkpoint of where each chain of the security log ends: tenant, place, checkpoint. Keep them "
        "where the database's administrators cannot write; `verify_audit --checkpoint` holds the log against them."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--tenant", metavar="SLUG", help="One tenant's chain; `platform` is the platform's own.")
        which.add_argument("--all", action="store_true", help="The platform's chain and every tenant's.")

    def handle(self, *args: Any, **options: Any) -> None:
        broken = []
        for tenant_id in _chains(options):
            with tenant(tenant_id):
                try:
                    made = commands.anchor_chain(now=timezone.now(), again=True)
                except ChainBroken as error:
                    broken.append(str(error))
                    continue
            if made:
                anchoring.keep(made)
                self.stdout.write(anchoring.line_of(made), ending="")
        if broken:
            raise CommandError("; ".join(broken))


def _chains(options: dict[str, Any]) -> list[Any]:
    if options["all"]:
        return chain_ids()
    if options["tenant"] == "platform":
        return [PLATFORM]
    try:
        return [tenants.tenant_by_slug(options["tenant"]).id]
    except DomainError as error:
        raise CommandError(f"{error.code}: {error}") from error
