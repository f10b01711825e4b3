"""How a shadow differs from what is read, tenant by tenant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connections

from apps.core.projections.definition import Projection, Table
from apps.core.projections.tables import SHADOW
from apps.core.tenancy import tenant

# Rows that are looked at again, since the difference may only be that one of the two is a little behind.
SUSPECTS = 1000
_SAMPLES = 10

_STATEMENT = """
select {key}, live.tenant_id is null, shadow.tenant_id is null
from (select * from public."{table}" where tenant_id = %(tenant)s) live
full join (select * from {schema}."{table}" where tenant_id = %(tenant)s) shadow using ({columns})
where (live.tenant_id is null or shadow.tenant_id is null or ({live}) is distinct from ({shadow})){among}
order by {columns}
"""


@dataclass(frozen=True, slots=True)
class Difference:
    """One row that is not the same in both."""

    tenant_id: UUID
    key: tuple[Any, ...]
    kind: str  # "missing", "superfluous" or "changed", of the row that is read now


@dataclass(slots=True)
class Differences:
    """Of one table: what the rows that are read now are, measured by the shadow."""

    missing: int = 0
    superfluous: int = 0
    changed: int = 0
    found: list[Difference] = field(default_factory=list)

    @property
    def total(self) -> int:
        return self.missing + self.superfluous + self.changed

    def note(self, difference: Difference) -> None:
        setattr(self, difference.kind, getattr(self, difference.kind) + 1)
        if len(self.found) < SUSPECTS:
            self.found.append(difference)

    def as_json(self) -> dict[str, Any]:
        samples = [
            {"tenantId": str(one.tenant_id), "key": [str(value) for value in one.key], "kind": one.kind}
            for one in self.found[:_SAMPLES]
        ]
        return {
            "missing": self.missing,
            "superfluous": self.superfluous,
            "changed": self.changed,
            "samples": samples,
        }


def compare(projection: Projection, tenant_ids: Iterable[UUID]) -> dict[str, Differences]:
    """All rows of these tenants. One statement for each tenant and table."""
    found = {table.name: Differences() for table in projection.tables}
    for tenant_id in tenant_ids:
        for table in projection.tables:
            for difference in _rows(projection, table, tenant_id):
                found[table.name].note(difference)
    return found


def compare_again(projection: Projection, suspects: dict[str, Differences]) -> dict[str, Differences]:
    """Just the rows that differed, now that time has passed. Where there were too many to remember: as they were."""
    again = {}
    for table in projection.tables:
        before = suspects[table.name]
        again[table.name] = before if before.total > len(before.found) else _again(projection, table, before)
    return again


def _again(projection: Projection, table: Table, before: Differences) -> Differences:
    still = Differences()
    by_tenant: dict[UUID, list[tuple[Any, ...]]] = {}
    for one in before.found:
        by_tenant.setdefault(one.tenant_id, []).append(one.key)
    for tenant_id, keys in by_tenant.items():
        for difference in _rows(projection, table, tenant_id, among=keys):
            still.note(difference)
    return still


def _rows(
    projection: Projection, table: Table, tenant_id: UUID, *, among: list[tuple[Any, ...]] | None = None
) -> Iterator[Difference]:
    values: dict[str, Any] = {"tenant": tenant_id}
    chosen = ""
    if among is not None:
        places = []
        for number, key in enumerate(among):
            names = [f"k{number}_{part}" for part in range(len(key))]
            values |= dict(zip(names, key, strict=True))
            places.append("(" + ", ".join(f"%({name})s" for name in names) + ")")
        chosen = f" and ({_columns(table.key)}) in ({', '.join(places)})"
    with tenant(tenant_id), connections[projection.using].cursor() as cursor:
        cursor.execute(_statement(table, chosen), values)
        for *key, not_read, not_built in cursor.fetchall():
            kind = "missing" if not_read else "superfluous" if not_built else "changed"
            yield Difference(tenant_id, tuple(key), kind)


def _statement(table: Table, among: str) -> str:
    """Names come from the models."""
    return _STATEMENT.format(
        key=_columns(table.key),
        columns=_columns(table.key),
        table=table.name,
        schema=SHADOW,
        live=_columns(table.compared, "live."),
        shadow=_columns(table.compared, "shadow."),
        among=among,
    )


def _columns(names: Iterable[str], prefix: str = "") -> str:
    return ", ".join(f'{prefix}"{name}"' for name in names)
