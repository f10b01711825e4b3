"""Erasing all of a tenant in one database. What is never changed otherwise (events, history, the security log) goes
too, which only a function of the owner's can do, and only for a tenant whose erasure was ordered.
"""

from __future__ import annotations

from uuid import UUID

from django.db import connections
from django.db.transaction import atomic

from apps.core.tenancy import require_tenant_id
from apps.core.tenantdata.models import ErasureWarrant
from apps.core.tenantdata.tables import HeldTable, held_tables

BATCH = 2000


def order_erasure(alias: str, *, reason: str, ordered_by: UUID | None) -> None:
    """Let the current tenant be erased in this database. Cannot be taken back. Safe to repeat. Raises NoTenant."""
    ErasureWarrant.objects.using(alias).get_or_create(
        company_id=require_tenant_id(), defaults={"reason": reason[:500], "ordered_by": ordered_by}
    )


def erase_some(alias: str, *, at_most: int = BATCH) -> int:
    """Erase rows of the current tenant, table by table, until it is so many; returns how many, 0 when nothing is left.

    Each table has a short transaction of its own, with up to so many rows, so that nobody waits long; only tables that
    refer to one another, or to themselves, are emptied at once. Safe to repeat. Raises DatabaseError when no erasure
    was ordered.
    """
    erased = 0
    for together in held_tables(alias):
        with atomic(using=alias):
            whole = len(together) > 1 or together[0].refers_to_itself
            erased += sum(_erase(alias, held, None if whole else at_most) for held in together)
        if erased >= at_most:
            break
    return erased


def _erase(alias: str, held: HeldTable, at_most: int | None) -> int:
    names = [f'"{name}"' if name else None for name in (held.table, held.through)]
    with connections[alias].cursor() as cursor:
        cursor.execute("select tenantdata_erase(%s::regclass, %s::regclass, %s)", [*names, at_most])
        (erased,) = cursor.fetchone()
    return int(erased)


def erase_all(alias: str, *, at_most: int = BATCH) -> int:
    """Erase everything of the current tenant; returns how many rows. Safe to repeat, and to run twice at once."""
    total = 0
    while erased := erase_some(alias, at_most=at_most):
        total += erased
    return total
