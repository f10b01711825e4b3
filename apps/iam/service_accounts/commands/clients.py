"""OAuth client credentials of service accounts (RFC 6749 §4.4)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from apps.core.events import unit_of_work
from apps.core.history import Actor, acting
from apps.core.observability import trace_id
from apps.core.tenancy import PLATFORM, tenant
from apps.iam.oidc.clients import commands as clients
from apps.iam.roles import queries as roles
from apps.iam.service_accounts import queries
from apps.iam.service_accounts.commands.accounts import create_service_account
from apps.iam.service_accounts.models import ServiceAccount
from apps.iam.tenants import queries as tenants


def issue_client(*, account_id: UUID, actor: Actor, now: datetime) -> tuple[str, str]:
    """Let a service account ask for access tokens. Returns its client id, the account's own id, and the secret, which
    is kept nowhere. Another secret is had by rotating this one.

    Raises ServiceAccountNotFound, ServiceAccountIsDeleted, ClientExists, BeyondOwnPermissions.
    """
    with unit_of_work(ServiceAccount, actor=actor):
        account = queries.lock_service_account(account_id)
        account.must_exist()
        roles.require_within_own(actor, roles.permissions_of(account_id, kind="service", everywhere=False))
        secret = clients.register_machine(account_id=account_id, name=account.name, actor=actor)
    return str(account_id), secret


def register_platform_client(*, name: str, actor: Actor, now: datetime) -> tuple[str, str]:
    """Make a client of the platform's own, which may do everything that its staff may, but approve (ADR 15).

    Returns its client id and secret, which is kept nowhere. For the command line. Raises InvalidServiceAccount.
    """
    with acting(actor, trace_id=trace_id()), tenant(PLATFORM), unit_of_work(ServiceAccount):
        account = create_service_account(name=name, roles=(), actor=actor, now=now)
        return issue_client(account_id=account.id, actor=actor, now=now)


def register_api_client(
    *, tenant_id: UUID, name: str, roles: Iterable[str], actor: Actor, now: datetime
) -> tuple[str, str]:
    """Make a service account of a tenant with these roles and an OAuth client. Returns its client id and secret, which
    is kept nowhere. For the command line: in a request the tenant is entered already.

    Raises TenantNotFound, UnknownRole, BeyondOwnPermissions, InvalidServiceAccount.
    """
    tenants.tenant_by_id(tenant_id)
    with acting(actor, trace_id=trace_id()), tenant(tenant_id), unit_of_work(ServiceAccount):
        account = create_service_account(name=name, roles=roles, actor=actor, now=now)
        return issue_client(account_id=account.id, actor=actor, now=now)
