"""Change what a tenant's people may configure, and go back to what it was."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.core.errors import PreconditionFailed
from apps.core.events import unit_of_work
from apps.core.events.unit import UnitOfWork
from apps.core.history import Actor, current_actor
from apps.core.tenancy import require_tenant_id, tenant
from apps.iam.approvals.gate import require_approval
from apps.iam.approvals.kinds import all_kinds
from apps.iam.audit.commands import record_security_event
from apps.iam.audit.kinds import Kind
from apps.iam.tenants import configuration as settings
from apps.iam.tenants import queries
from apps.iam.tenants.configuration import Configuration
from apps.iam.tenants.errors import InvalidConfiguration, InvalidTenant, TenantIsGone
from apps.iam.tenants.events import TenantConfigured
from apps.iam.tenants.models import ConfigurationVersion, Tenant
from apps.iam.tenants.queries import CurrentConfiguration

CHANGE_APPROVALS = "tenant.change_approvals"
# Settings that are needed before a tenant is entered are repeated in its row.
_IN_ROW = ("name", "default_currency", "locale", "time_zone", "colour")


def configure_tenant(
    *,
    changes: Mapping[str, Any],
    actor: Actor,
    now: datetime,
    reason: str = "",
    expected_version: int | None = None,
) -> CurrentConfiguration:
    """Give the current tenant's configuration a new version, with these settings replaced.

    Safe to repeat: what changes nothing makes no version. Other rules for approvals take a second person themselves,
    or one person could do away with the second. Raises InvalidConfiguration, PreconditionFailed, ApprovalNeeded,
    TenantIsGone.
    """
    with unit_of_work(ConfigurationVersion, actor=actor) as work:
        company, before = _locked(expected_version)
        after = settings.changed(before.values, changes)
        _refuse_unknown_kinds(before.values, after)
        return _stored(work, company, before, after, actor, now, reason=reason)


def restore_configuration(
    *, number: int, actor: Actor, now: datetime, expected_version: int | None = None
) -> CurrentConfiguration:
    """Go back to an earlier version, by a new one that says the same.

    Safe to repeat. Raises VersionNotFound, and as `configure_tenant` does.
    """
    with unit_of_work(ConfigurationVersion, actor=actor) as work:
        company, before = _locked(expected_version)
        after = settings.decoded(queries.configuration_version(number).values)
        return _stored(work, company, before, after, actor, now, restored_from=number)


def configure_for(
    *,
    tenant_id: UUID,
    changes: Mapping[str, Any],
    actor: Actor,
    now: datetime,
    reason: str = "",
    expected_tenant_version: int | None = None,
) -> CurrentConfiguration:
    """As `configure_tenant`, for the platform's staff, who are in no tenant; the version is that of the tenant's row.

    Raises TenantNotFound, InvalidConfiguration, PreconditionFailed, TenantIsGone.
    """
    with tenant(tenant_id), unit_of_work(ConfigurationVersion, actor=actor):
        company = queries.lock_tenant(tenant_id)
        if expected_tenant_version is not None and company.version != expected_tenant_version:
            raise PreconditionFailed(version=company.version)
        return configure_tenant(changes=changes, actor=actor, now=now, reason=reason)


def rename_tenant(*, tenant_id: UUID, name: str, actor: Actor | None = None, now: datetime) -> Tenant:
    """Show another name from now on; the slug stays. For the platform's staff. Raises TenantNotFound, InvalidTenant."""
    if not name.strip():
        raise InvalidTenant(errors={"name": ["must not be empty"]})
    queries.tenant_by_id(tenant_id)
    with tenant(tenant_id):
        configure_tenant(changes={"name": name}, actor=actor or current_actor(), now=now)
    return queries.tenant_by_id(tenant_id)


def _locked(expected_version: int | None) -> tuple[Tenant, CurrentConfiguration]:
    company = queries.lock_tenant(require_tenant_id())
    if company.status in Tenant.GONE:
        raise TenantIsGone
    before = queries.configuration_of(company)
    if expected_version is not None and before.version != expected_version:
        raise PreconditionFailed(version=before.version)
    return company, before


def _stored(
    work: UnitOfWork,
    company: Tenant,
    before: CurrentConfiguration,
    after: Configuration,
    actor: Actor,
    now: datetime,
    *,
    reason: str = "",
    restored_from: int | None = None,
) -> CurrentConfiguration:
    differing = settings.differing(before.values, after)
    if not differing:
        return before
    if "approvals" in differing:
        _require_approval(company, before, after, actor, now)
    version = ConfigurationVersion(
        number=before.version + 1,
        values=settings.encoded(after),
        changed=differing,
        changed_by_name=actor.name[:200],
        reason=reason.strip()[:500],
        restored_from=restored_from,
    )
    version.save()
    _repeat_in_row(company, after)
    work.publish(TenantConfigured(tenant_id=company.id, number=version.number, changed=tuple(differing)))
    record_security_event(
        Kind.SETTINGS_CHANGED,
        subject_id=company.id,
        actor=actor,
        reason=version.reason,
        details={"version": str(version.number), "changed": ", ".join(differing)},
    )
    return CurrentConfiguration(version.number, after, version.created_at, version.changed_by_name)


def _require_approval(
    company: Tenant, before: CurrentConfiguration, after: Configuration, actor: Actor, now: datetime
) -> None:
    """The version is part of what is approved: it must not be laid over what somebody else changed in the meantime."""
    require_approval(
        CHANGE_APPROVALS,
        subject_id=company.id,
        payload={"settings": settings.encoded(after), "version": before.version},
        actor=actor,
        now=now,
    )


def _repeat_in_row(company: Tenant, after: Configuration) -> None:
    moved = [name for name in _IN_ROW if getattr(company, name) != getattr(after, name)]
    for name in moved:
        setattr(company, name, getattr(after, name))
    if moved:
        company.save(update_fields=moved)


def _refuse_unknown_kinds(before: Configuration, after: Configuration) -> None:
    optional = {kind.code for kind in all_kinds() if kind.has_rule}
    unknown = sorted(set(after.approvals) - set(before.approvals) - optional)
    if unknown:
        raise InvalidConfiguration(
            errors={
                "approvals": [f"no rule can be made for {', '.join(unknown)}; there are {', '.join(sorted(optional))}"]
            }
        )
