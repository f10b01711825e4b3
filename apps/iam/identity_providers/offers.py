"""Which identity providers the sign-in page offers: those of the company that somebody is on their way to.

The company is named by the authorization request, owns the application that asks, or has proved the domain of the
address that was entered. Nothing of it depends on whether anybody has an account.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import UUID

from apps.core.tenancy import tenant as entered
from apps.iam.identity_providers import queries
from apps.iam.oidc.clients import queries as clients
from apps.iam.tenants import queries as tenants
from apps.iam.tenants.errors import TenantNotFound
from apps.iam.users.names import EMAIL_LENGTH, folded

_LONGEST = 320
_SLUG = re.compile(r"[a-z0-9-]{1,63}")


@dataclass(frozen=True, slots=True)
class Offer:
    """One provider to sign in with, and the address of ours that leads there."""

    name: str
    company: str
    path: str


def for_request(target: str) -> list[Offer]:
    """What to offer on the way to `target`, the address of an authorization request. At most four statements."""
    asked = _parameters(target)
    if named := asked.get("tenant", ""):
        return for_company(named, target=target)
    client = clients.client_of_token(asked["client_id"]) if asked.get("client_id") else None
    if client is not None and client.tenant_id is not None:
        return _of(_by_id(client.tenant_id), target=target)
    return for_company(asked["login_hint"], target=target) if "@" in asked.get("login_hint", "") else []


def for_company(text: str, *, target: str) -> list[Offer]:
    """What to offer to somebody who entered an e-mail address, or a company's slug or id. At most three statements."""
    text = folded(text[:_LONGEST].replace("\x00", ""))
    if "@" in text:
        return _for_address(text, target=target)
    try:
        return _of(_by_id(UUID(text)), target=target)
    except ValueError:
        return _of(_by_slug(text), target=target) if _SLUG.fullmatch(text) else []


def _for_address(email: str, *, target: str) -> list[Offer]:
    domain = email.rpartition("@")[2]
    tenant_id = queries.tenant_of_domain(domain)
    hint = email if len(email) <= EMAIL_LENGTH else ""
    return _of(_by_id(tenant_id), target=target, domain=domain, hint=hint) if tenant_id else []


def _of(company: Any, *, target: str, domain: str = "", hint: str = "") -> list[Offer]:
    if company is None or not company.is_active:
        return []
    with entered(company.id):
        found = queries.in_use()
    query = urlencode({"next": target, **({"login_hint": hint} if hint else {})})
    return [
        Offer(provider.name, company.name, f"/sign-in/with/{company.id}/{provider.id}?{query}")
        for provider in found
        if not domain or domain in provider.email_domains
    ]


def _by_id(tenant_id: UUID) -> Any:
    return tenants.tenants([tenant_id]).get(tenant_id)


def _by_slug(slug: str) -> Any:
    try:
        return tenants.tenant_by_slug(slug)
    except TenantNotFound:
        return None


def _parameters(target: str) -> dict[str, str]:
    try:
        parts = urlsplit(target)
        return {name: values[0].replace("\x00", "") for name, values in parse_qs(parts.query).items()}
    except ValueError:
        return {}
