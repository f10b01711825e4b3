"""Random statements in random scopes over every tenant table, straight on the application's connections."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import DatabaseError, connections, transaction

from apps.core.tenancy import no_tenant, tenant
from tests.isolation.leaks import Ground, Leak

OPEN_CURSOR_ROWS = 5


@dataclass(slots=True)
class RawSql:
    """`run` makes random deeds; a leak is recorded, never raised, so that one run shows them all."""

    grounds: list[Ground]
    tenants: tuple[UUID, UUID]
    seed: int
    leaks: list[Leak] = field(default_factory=list)
    step: int = 0

    def run(self, steps: int) -> list[Leak]:
        dice = random.Random(self.seed)
        deeds = (self.read, self.read, self.change, self.plant_a_row, self.hold_a_cursor, self.nest, self.fail)
        for self.step in range(steps):
            ground = dice.choice(self.grounds)
            scope = dice.choice([*self.tenants, None])
            deed = dice.choice(deeds)
            with contextlib.suppress(DatabaseError), entered(scope):
                deed(dice, ground, scope)
        return self.leaks

    def read(self, dice: random.Random, ground: Ground, scope: UUID | None) -> None:
        table = dice.choice(ground.tables)
        with connections[ground.alias].cursor() as cursor:
            cursor.execute(f"select distinct tenant_id from {table}")
            self.compare(f"select from {table}", scope, (row[0] for row in cursor.fetchall()))

    def change(self, dice: random.Random, ground: Ground, scope: UUID | None) -> None:
        table = dice.choice(ground.tables)
        statement = dice.choice(
            [
                f"update {table} set tenant_id = tenant_id returning tenant_id",
                f"delete from {table} returning tenant_id",
            ]
        )
        with transaction.atomic(using=ground.alias):
            with connections[ground.alias].cursor() as cursor:
                cursor.execute(statement)
                self.compare(statement, scope, (row[0] for row in cursor.fetchall()))
            transaction.set_rollback(True, using=ground.alias)

    def plant_a_row(self, dice: random.Random, ground: Ground, scope: UUID | None) -> None:
        """Write a row of somebody else's, by copying one of our own."""
        other = dice.choice([t for t in self.tenants if t != scope])
        table = dice.choice(ground.tables)
        with transaction.atomic(using=ground.alias):
            with connections[ground.alias].cursor() as cursor:
                cursor.execute(f"update {table} set tenant_id = %s", [other])
                if cursor.rowcount:
                    self.record("planted row", f"{table}: {cursor.rowcount} rows given to another tenant")
            transaction.set_rollback(True, using=ground.alias)

    def hold_a_cursor(self, dice: random.Random, ground: Ground, scope: UUID | None) -> None:
        """Open under one tenant, fetch on under another."""
        other = dice.choice([t for t in self.tenants if t != scope])
        table = dice.choice(ground.tables)
        with transaction.atomic(using=ground.alias):
            with connections[ground.alias].cursor() as settings:
                # A plan that begins with an index on the tenant would hide a policy that is read for each row.
                settings.execute("set local enable_indexscan = off; set local enable_bitmapscan = off")
            cursor = connections[ground.alias].chunked_cursor()
            cursor.execute(f"select tenant_id from {table}")
            rows = cursor.fetchmany(1)
            with tenant(other):
                self.read(dice, ground, other)
                rows += cursor.fetchmany(OPEN_CURSOR_ROWS * 10)
            cursor.close()
        self.compare(f"open cursor over {table}", scope, (row[0] for row in rows))

    def nest(self, dice: random.Random, ground: Ground, scope: UUID | None) -> None:
        """Savepoints, rolled back or not, with another scope inside."""
        inner = dice.choice([*self.tenants, None])
        with transaction.atomic(using=ground.alias):
            with contextlib.suppress(LookupError), transaction.atomic(using=ground.alias):
                with entered(inner):
                    self.read(dice, ground, inner)
                if dice.random() < 0.5:
                    raise LookupError
            self.read(dice, ground, scope)

    def fail(self, dice: random.Random, ground: Ground, scope: UUID | None) -> None:
        with contextlib.suppress(DatabaseError), connections[ground.alias].cursor() as cursor:
            cursor.execute("select 1 / 0")
        self.read(dice, ground, scope)

    def compare(self, what: str, scope: UUID | None, seen: Iterator[Any]) -> None:
        foreign = {str(t) for t in seen if t != scope}
        if foreign:
            self.record("foreign rows", f"{what} in scope {scope} showed rows of {sorted(foreign)}")

    def record(self, kind: str, what: str) -> None:
        self.leaks.append(Leak(kind, what, self.seed, self.step))


def entered(scope: UUID | None) -> AbstractContextManager[None]:
    return tenant(scope) if scope else no_tenant()


def probe_references(ground: Ground, tenants: tuple[UUID, UUID], seed: int) -> list[Leak]:
    """Let each tenant refer to rows of the other through every foreign key; the database must refuse each."""
    from django.apps import apps
    from django.db.models import ForeignKey

    leaks = []
    by_table = {f'"{m._meta.db_table}"': m for m in apps.get_models(include_auto_created=True)}
    for table in ground.tables:
        model = by_table[table]
        for reference in model._meta.concrete_fields:
            if not isinstance(reference, ForeignKey) or model.__name__.endswith("History"):
                continue
            target = f'"{reference.remote_field.model._meta.db_table}"'
            if target in ground.tables and _accepts_foreign(ground, table, reference.column, target, tenants):
                leaks.append(Leak("foreign reference", f"{table}.{reference.column} -> {target}", seed, 0))
    return leaks


def _accepts_foreign(ground: Ground, table: str, column: str, target: str, tenants: tuple[UUID, UUID]) -> bool:
    mine, other = tenants
    row = ground.connection.execute(f"select id from {target} where tenant_id = %s limit 1", [other]).fetchone()  # type: ignore[arg-type]
    if row is None:
        return False
    try:
        with tenant(mine), transaction.atomic(using=ground.alias), connections[ground.alias].cursor() as cursor:
            cursor.execute(
                f'update {table} set "{column}" = %s where ctid = (select ctid from {table} limit 1)', [row[0]]
            )
            changed = cursor.rowcount
            cursor.execute("set constraints all immediate")
            transaction.set_rollback(True, using=ground.alias)
    except DatabaseError:
        return False
    return bool(changed)
