"""The people of a demonstration: two tenants, one person per built-in role, an API client each, one of platform staff.

Passwords are random per installation and kept in one file that only its owner can read, since the database has their
hashes alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from apps.core.auth.permissions import CLERK, MANAGER, OWNER, VIEWER
from apps.core.errors import NotFound
from apps.core.history import SYSTEM
from apps.core.tenancy import tenant as entered
from apps.iam.oidc import queries as oidc_queries
from apps.iam.service_accounts import commands as service_accounts
from apps.iam.tenants import commands as tenant_commands
from apps.iam.users import commands as user_commands
from apps.iam.users import queries as user_queries
from apps.iam.users.passwords import one_time_password


@dataclass(frozen=True, slots=True)
class DemoTenant:
    """What a demonstration tenant is called, and the currency it trades in."""

    slug: str
    name: str
    currency: str


TENANTS = (DemoTenant("acme", "Acme Trading", "GBP"), DemoTenant("globex", "Globex Corporation", "EUR"))
PEOPLE = {OWNER: "Olive Hart", MANAGER: "Max Reed", CLERK: "Clara Finch", VIEWER: "Victor Stone"}
STAFF_EMAIL = "staff@platform.example"
API_CLIENT_NAME = "Demo integration"

Record = dict[str, Any]


def seed_tenant(demo: DemoTenant, known: Record) -> Record:
    """Make the tenant, its people and its API client, as far as they are missing.

    `known` is what an earlier run returned for this tenant, or {}; its passwords stay good. Returns
    `{id, slug, accounts: [{email, password, role}], api_client: {client_id, client_secret, token_url}}`.
    """
    tenant = tenant_commands.create_tenant(slug=demo.slug, name=demo.name, default_currency=demo.currency)
    passwords = {account["email"]: account["password"] for account in known.get("accounts", ())}
    with entered(tenant.id):
        accounts = [_account(demo.slug, role, passwords) for role in PEOPLE]
    client = _api_client(tenant.id, known.get("api_client", {}))
    return {"id": str(tenant.id), "slug": demo.slug, "accounts": accounts, "api_client": client}


def seed_staff(known: Record) -> Record:
    """Make the person of platform staff, if missing. Returns `{email, password}`; `known` is that of an earlier run."""
    password = str(known.get("password") or one_time_password())
    user, is_new = user_commands.create_platform_staff(email=STAFF_EMAIL, name="Platform Staff", password=password)
    if not is_new and not known:
        user_commands.set_password(user_id=user.id, password=password)
    return {"email": STAFF_EMAIL, "password": password}


def _account(slug: str, role: str, passwords: dict[str, str]) -> Record:
    email = f"{role}@{slug}.example"
    password = passwords.get(email) or one_time_password()
    user = user_queries.user_by_email(email)
    if user is None:
        user_commands.add_member(
            email=email, name=PEOPLE[role], roles=[role], password=password, actor=SYSTEM, now=timezone.now()
        )
    elif email not in passwords:  # the file is gone: nobody could sign in any more
        user_commands.set_password(user_id=user.id, password=password)
    return {"email": email, "password": password, "role": role}


def _api_client(tenant_id: UUID, known: Record) -> Record:
    if not known or not _client_exists(known["client_id"]):
        client_id, secret = service_accounts.register_api_client(
            tenant_id=tenant_id, name=API_CLIENT_NAME, roles=[MANAGER], actor=SYSTEM, now=timezone.now()
        )
        known = {"client_id": client_id, "client_secret": secret}
    return {**known, "token_url": f"{settings.OIDC_ISSUER}/oidc/token"}


def _client_exists(client_id: str) -> bool:
    try:
        oidc_queries.api_client(UUID(client_id))
    except (NotFound, ValueError):
        return False
    return True
