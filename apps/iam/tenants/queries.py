"""Reads of tenants and of what they configured. Each is one statement, unless it says otherwise."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from apps.core.db.compiled import CompiledRead
from apps.core.tenancy import PLATFORM, require_tenant_id, tenant
from apps.iam.tenants import configuration as settings
from apps.iam.tenants.configuration import Configuration
from apps.iam.tenants.errors import TenantIsGone, TenantNotFound, VersionNotFound
from apps.iam.tenants.models import ConfigurationVersion, LifecycleRun, Tenant


@dataclass(frozen=True, slots=True)
class CurrentConfiguration:
    """What a tenant configured, and the number of that version (0: nothing was ever changed)."""

    version: int
    values: Configuration
    changed_at: datetime | None = None
    changed_by_name: str = ""


_BY_ID = CompiledRead(lambda tenant_id: Tenant.objects.filter(id=tenant_id), "tenant_id")


def tenant_by_id(tenant_id: UUID) -> Tenant:
    """Raises TenantNotFound."""
    return _found(_BY_ID(tenant_id=tenant_id), str(tenant_id))


def tenant_by_slug(slug: str) -> Tenant:
    """Raises TenantNotFound."""
    return _found(Tenant.objects.filter(slug=slug), slug)


def lock_tenant(tenant_id: UUID) -> Tenant:
    """The tenant, locked to the end of the transaction. Raises TenantNotFound."""
    return _found(Tenant.objects.select_for_update().filter(id=tenant_id), str(tenant_id))


def tenants(ids: Iterable[UUID]) -> dict[UUID, Tenant]:
    """Those of the given tenants that exist, by id."""
    return dict(Tenant.objects.in_bulk(list(ids)))


def tenant_ids() -> list[UUID]:
    """The ids of all tenants that have data, suspended ones too, oldest first: for jobs that enter each in turn."""
    rows = Tenant.objects.exclude(status=Tenant.Status.DELETED)
    return list(rows.order_by("id").values_list("id", flat=True))


def kept_tenant_ids() -> list[UUID]:
    """Those of `tenant_ids` whose data are not being erased: for jobs that would take missing rows for a fault."""
    rows = Tenant.objects.exclude(status__in=Tenant.GONE)
    return list(rows.order_by("id").values_list("id", flat=True))


def require_not_gone(tenant_id: UUID) -> None:
    """Raises TenantIsGone when a tenant was erased or is being erased."""
    if Tenant.objects.filter(id=tenant_id, status__in=Tenant.GONE).exists():
        raise TenantIsGone


def all_tenants(*, status: str = "", slug: str = "") -> QuerySet[Tenant]:
    """Every company by slug, for the platform's staff; those that are gone only when asked for by `status`."""
    rows = Tenant.objects.order_by("slug", "id")
    rows = rows.filter(status=status) if status else rows.exclude(status=Tenant.Status.DELETED)
    return rows.filter(slug__startswith=slug) if slug else rows  # type: ignore[no-any-return]


def due_for_erasure(*, now: datetime) -> list[UUID]:
    """The tenants whose waiting time is over, and those whose erasure has begun. In a fixed order."""
    waiting = Tenant.objects.filter(deletion_due_at__lte=now).exclude(status=Tenant.Status.DELETED)
    begun = Tenant.objects.filter(status=Tenant.Status.ERASING)
    return list((waiting | begun).order_by("id").values_list("id", flat=True))


def unfinished_provisionings(*, before: datetime) -> list[UUID]:
    """The tenants whose provisioning was begun before an instant and has not come to its end. One statement."""
    with tenant(PLATFORM):
        rows = LifecycleRun.objects.in_tenant().filter(
            kind=LifecycleRun.Kind.PROVISION, finished_at__isnull=True, started_at__lte=before
        )
        return list(rows.order_by("id").values_list("company_id", flat=True))


def configuration_of(company: Tenant) -> CurrentConfiguration:
    """What a tenant configured, whichever tenant is entered."""
    with tenant(company.id):
        newest = ConfigurationVersion.objects.in_tenant().order_by("-number").first()
    if newest is None:
        return CurrentConfiguration(0, _of_row(company))
    return CurrentConfiguration(
        newest.number, settings.decoded(newest.values), newest.created_at, newest.changed_by_name
    )


def current_configuration() -> CurrentConfiguration:
    """What the current tenant configured. Two statements. Raises NoTenant, TenantNotFound."""
    return configuration_of(tenant_by_id(require_tenant_id()))


def configuration_versions() -> QuerySet[ConfigurationVersion]:
    """Every version of the current tenant's configuration, newest first."""
    return ConfigurationVersion.objects.in_tenant().order_by("-number", "id")  # type: ignore[no-any-return]


def configuration_version(number: int) -> ConfigurationVersion:
    """Raises VersionNotFound."""
    found: ConfigurationVersion | None = configuration_versions().filter(number=number).first()
    if found is None:
        raise VersionNotFound(f"there is no version {number}")
    return found


def run_of(company_id: UUID, kind: str) -> LifecycleRun | None:
    """How far the making or unmaking of a tenant has come; None when it was never begun."""
    with tenant(PLATFORM):
        found: LifecycleRun | None = LifecycleRun.objects.in_tenant().filter(company_id=company_id, kind=kind).first()
        return found


def _of_row(company: Tenant) -> Configuration:
    return Configuration(
        name=company.name,
        default_currency=company.default_currency,
        locale=company.locale,
        time_zone=company.time_zone,
        colour=company.colour,
    )


def _found(rows: Iterable[Tenant], name: str) -> Tenant:
    for found in rows:
        return found
    raise TenantNotFound(f"there is no tenant {name}")
