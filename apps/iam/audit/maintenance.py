"""What the security log's table needs from time to time: partitions ahead."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.db import connections

from apps.core.db.router import alias_for
from apps.core.tenancy import PLATFORM
from apps.iam.audit.models import SecurityRecord
from apps.iam.tenants import queries as tenants


def create_partitions() -> int:
    """Have a partition for this month and the next AUDIT_PARTITIONS_AHEAD; returns how many are new."""
    with connections[alias_for(SecurityRecord)].cursor() as cursor:
        cursor.execute("select audit_create_partitions(%s)", [settings.AUDIT_PARTITIONS_AHEAD])
        return int(cursor.fetchone()[0])


def create_partitions_after_migration() -> None:
    """The same, where the migration that makes the table has run."""
    with connections[alias_for(SecurityRecord)].cursor() as cursor:
        cursor.execute("select to_regproc('public.audit_create_partitions') is not null")
        migrated = cursor.fetchone()[0]
    if migrated:
        create_partitions()


def chain_ids() -> list[UUID]:
    """The platform's chain and that of every tenant, for jobs that visit each in turn.

    Not of a tenant that goes: while it is being erased its chain would look tampered with.
    """
    return [PLATFORM, *tenants.kept_tenant_ids()]
