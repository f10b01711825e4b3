"""Let a company join the platform."""

from __future__ import annotations

import re
from uuid import UUID

from django.db import IntegrityError

from apps.core.events import unit_of_work
from apps.core.tenancy import tenant as entered
from apps.iam.audit.commands import record_security_event
from apps.iam.audit.kinds import Kind
from apps.iam.tenants import queries
from apps.iam.tenants.errors import InvalidTenant, TenantNotFound
from apps.iam.tenants.events import TenantCreated, TenantStatusChanged
from apps.iam.tenants.models import CURRENCY, SLUG, Tenant


def create_tenant(*, slug: str, name: str, default_currency: str, opened: bool = True) -> Tenant:
    """Make the row of a company; nobody signs in to one that is not `opened` yet.

    Safe to repeat: a tenant that has the slug already is returned as it is. Raises InvalidTenant.
    """
    _validate(slug=slug, name=name, default_currency=default_currency)
    try:
        return queries.tenant_by_slug(slug)
    except TenantNotFound:
        pass
    status = Tenant.Status.ACTIVE if opened else Tenant.Status.PROVISIONING
    try:
        return _created(Tenant(slug=slug, name=name.strip(), default_currency=default_currency, status=status))
    except IntegrityError:  # somebody else created it in the meantime
        return queries.tenant_by_slug(slug)


def activate_tenant(*, tenant_id: UUID) -> Tenant:
    """Open a company that has everything it needs. Safe to repeat. Raises TenantNotFound."""
    with entered(tenant_id), unit_of_work(Tenant) as work:
        tenant = queries.lock_tenant(tenant_id)
        if tenant.status != Tenant.Status.PROVISIONING:
            return tenant
        tenant.activate()
        tenant.save(update_fields=["status"])
        work.publish(TenantStatusChanged(tenant_id=tenant_id, status=tenant.status))
        record_security_event(Kind.TENANT_CHANGED, subject_id=tenant_id, details={"change": "opened"})
    return tenant


def _created(tenant: Tenant) -> Tenant:
    # Its first event lies in its own log, so the tenant is entered before it can be found.
    with entered(tenant.id), unit_of_work(Tenant) as work:
        tenant.save()
        work.publish(
            TenantCreated(
                tenant_id=tenant.id, slug=tenant.slug, name=tenant.name, default_currency=tenant.default_currency
            )
        )
    return tenant


def _validate(*, slug: str, name: str, default_currency: str) -> None:
    wrong = {}
    if not re.fullmatch(SLUG, slug):
        wrong["slug"] = ["2 to 63 small letters, digits and hyphens, beginning with a letter"]
    if not name.strip() or len(name) > 200 or "\x00" in name:
        wrong["name"] = ["1 to 200 characters"]
    if not re.fullmatch(CURRENCY, default_currency):
        wrong["default_currency"] = ["three capital letters (ISO 4217), for example EUR"]
    if wrong:
        raise InvalidTenant(errors=wrong)
