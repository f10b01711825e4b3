"""E-mail domains that a tenant calls its own, and proves."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError

from apps.core.events import unit_of_work
from apps.core.history import Actor
from apps.core.tenancy import require_tenant_id
from apps.iam.identity_providers import proofs, queries
from apps.iam.identity_providers.errors import EmailDomainNotProved, EmailDomainTaken
from apps.iam.identity_providers.events import EmailDomainVerified
from apps.iam.identity_providers.models import EmailDomain


def claim_domains(domains: Iterable[str]) -> None:
    """Remember that the tenant calls these domains its own. Nothing follows from that before they are proved."""
    with unit_of_work(EmailDomain):
        known = set(queries.email_domains().values_list("domain", flat=True))
        for domain in sorted(set(domains) - known):
            EmailDomain(tenant_id=require_tenant_id(), domain=domain).save()


def verify_domain(*, domain_id: UUID, actor: Actor, now: datetime) -> EmailDomain:
    """Look for the proof that a domain is the tenant's. Safe to repeat: what was proved stays so.

    Raises EmailDomainNotFound, EmailDomainNotProved, EmailDomainTaken.
    """
    found = queries.email_domain(domain_id)
    if found.is_verified:
        return found
    if not proofs.is_there(require_tenant_id(), found.domain):
        raise EmailDomainNotProved
    return confirm_domain(domain_id=domain_id, actor=actor, now=now)


def confirm_domain(*, domain_id: UUID, actor: Actor, now: datetime) -> EmailDomain:
    """Take a domain as proved, by the operator's word. Safe to repeat. Raises EmailDomainNotFound, EmailDomainTaken."""
    try:
        with unit_of_work(EmailDomain, actor=actor) as work:
            found = queries.lock_email_domain(domain_id)
            if not found.is_verified:
                found.verified_at = now
                found.save(update_fields=["verified_at"])
                work.publish(EmailDomainVerified(email_domain_id=found.id, domain=found.domain))
    except IntegrityError as error:
        raise EmailDomainTaken from error
    return found
