"""Reads of identity providers, of linked identities, and of e-mail domains. Each is one statement."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Count, QuerySet

from apps.core.history.changes import Change, ChangeFilter, changes_of
from apps.core.tenancy import person, require_tenant_id
from apps.iam.identity_providers.errors import (
    EmailDomainNotFound,
    IdentityLinkNotFound,
    IdentityProviderNotFound,
)
from apps.iam.identity_providers.models import EmailDomain, IdentityLink, IdentityProvider

STATES = ("active", "disabled", "deleted")


def identity_providers(*, q: str = "", state: str = "") -> QuerySet[IdentityProvider]:
    """Identity providers of the tenant by name, each with its `link_count`. `q` begins the name."""
    rows = IdentityProvider.with_deleted.in_tenant().filter(deleted_at__isnull=state != "deleted")
    if state in ("active", "disabled"):
        rows = rows.filter(is_enabled=state == "active")
    if q:
        rows = rows.filter(name__startswith=q)
    return rows.annotate(link_count=Count("links")).order_by("name", "id")  # type: ignore[no-any-return]


def identity_provider(provider_id: UUID) -> IdentityProvider:
    """One, also a deleted one, with its `link_count`. Raises IdentityProviderNotFound."""
    rows = IdentityProvider.with_deleted.in_tenant().filter(id=provider_id)
    return _found(rows.annotate(link_count=Count("links")))


def lock_identity_provider(provider_id: UUID) -> IdentityProvider:
    """One, also a deleted one, locked to the end of the transaction. Raises IdentityProviderNotFound."""
    return _found(IdentityProvider.with_deleted.in_tenant().select_for_update().filter(id=provider_id))


def usable(provider_id: UUID) -> IdentityProvider:
    """One that people may sign in with. Raises IdentityProviderNotFound."""
    return _found(IdentityProvider.objects.in_tenant().filter(id=provider_id, is_enabled=True))


def in_use() -> list[IdentityProvider]:
    """Those of the tenant that people may sign in with, by name."""
    return list(IdentityProvider.objects.in_tenant().filter(is_enabled=True).order_by("name", "id"))


def link_of_subject(provider_id: UUID, subject: str) -> IdentityLink | None:
    """The link of an identity at a provider, with its person; None for one that nobody is linked with."""
    rows = IdentityLink.objects.in_tenant().filter(provider_id=provider_id, subject=subject)
    found: IdentityLink | None = rows.select_related("user").first()
    return found


def link_of_person(provider_id: UUID, user_id: UUID) -> IdentityLink | None:
    """The link of a person with a provider."""
    found: IdentityLink | None = (
        IdentityLink.objects.in_tenant().filter(provider_id=provider_id, user_id=user_id).first()
    )
    return found


def links_of(user_id: UUID) -> QuerySet[IdentityLink]:
    """A person's linked identities in the current tenant, each with its provider, deleted ones too, oldest first."""
    rows = IdentityLink.objects.in_tenant().filter(user_id=user_id).select_related("provider")
    return rows.order_by("created_at", "id")  # type: ignore[no-any-return]


def link(link_id: UUID, *, user_id: UUID) -> IdentityLink:
    """One of a person's links in the current tenant. Raises IdentityLinkNotFound."""
    found: IdentityLink | None = links_of(user_id).filter(id=link_id).first()
    if found is None:
        raise IdentityLinkNotFound
    return found


def link_count_everywhere(user_id: UUID) -> int:
    """How many identities a person is linked with, in all tenants."""
    with person(user_id):
        return int(IdentityLink.objects.filter(user_id=user_id).count())


def email_domains() -> QuerySet[EmailDomain]:
    """The e-mail domains that the tenant calls its own, by name."""
    return EmailDomain.objects.filter(tenant_id=require_tenant_id()).order_by("domain", "id")  # type: ignore[no-any-return]


def email_domain(domain_id: UUID) -> EmailDomain:
    """One of the tenant's e-mail domains. Raises EmailDomainNotFound."""
    found: EmailDomain | None = email_domains().filter(id=domain_id).first()
    if found is None:
        raise EmailDomainNotFound
    return found


def lock_email_domain(domain_id: UUID) -> EmailDomain:
    """As `email_domain`, locked to the end of the transaction. Raises EmailDomainNotFound."""
    found: EmailDomain | None = email_domains().select_for_update().filter(id=domain_id).first()
    if found is None:
        raise EmailDomainNotFound
    return found


def email_domain_named(domain: str) -> EmailDomain:
    """As `email_domain`, by its name. Raises EmailDomainNotFound."""
    found: EmailDomain | None = email_domains().filter(domain=domain.strip().lower()).first()
    if found is None:
        raise EmailDomainNotFound(f"none of the identity providers has the e-mail domain {domain}")
    return found


def proved_among(domains: Iterable[str]) -> frozenset[str]:
    """Those of these domains that the tenant has proved to be its own."""
    rows = email_domains().filter(domain__in=list(domains), verified_at__isnull=False)
    return frozenset(rows.values_list("domain", flat=True))


def tenant_of_domain(domain: str) -> UUID | None:
    """The tenant that has proved this e-mail domain, whoever asks."""
    rows = EmailDomain.objects.filter(domain=domain, verified_at__isnull=False)
    found: UUID | None = rows.values_list("tenant_id", flat=True).first()
    return found


def changes(where: ChangeFilter, *, limit: int) -> list[Change]:
    """Changes of identity providers and of links with them, newest first."""
    return changes_of(IdentityProvider, IdentityLink, where=where, limit=limit)


def changes_of_provider(provider_id: UUID, *, limit: int) -> list[Change]:
    """Changes of one identity provider, newest first."""
    return changes_of(IdentityProvider, where=ChangeFilter(entity_ids=(provider_id,)), limit=limit)


def _found(rows: QuerySet[IdentityProvider]) -> IdentityProvider:
    found = rows.first()
    if found is None:
        raise IdentityProviderNotFound
    return found
