"""What the fuzzer looks for, and what it tells when it finds some."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psycopg
from django.conf import settings

UUID_TEXT = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Leak:
    """One thing that must never happen. `seed` and `step` bring it back."""

    kind: str
    what: str
    seed: int
    step: int


@dataclass(slots=True)
class Ground:
    """The truth about who owns what, read past row-level security by a superuser who is no part of the platform."""

    alias: str
    dsn: str
    tables: list[str]
    owners: dict[str, str] = field(default_factory=dict)
    _learned: dict[str, str] = field(default_factory=dict)
    _connection: psycopg.Connection[Any] | None = None

    @property
    def connection(self) -> psycopg.Connection[Any]:
        """The superuser's, kept open for the run."""
        if self._connection is None:
            self._connection = psycopg.connect(self.dsn, autocommit=True, connect_timeout=5)
        return self._connection

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def learn(self) -> None:
        """Note which tenant each id of each tenant table belongs to; ids that two tenants share belong to neither.

        Tables that are as they were the last time are not read again.
        """
        versions = self.versions()
        for table in self.tables:
            if versions[table] != self._learned.get(table):
                self._learn_table(table)
        self._learned = versions

    def _learn_table(self, table: str) -> None:
        rows = self.connection.execute(f"select tenant_id::text, t::text from {table} t")  # type: ignore[arg-type]
        for tenant_id, row in rows:
            for found in set(UUID_TEXT.findall(row)) - {tenant_id}:
                known = self.owners.setdefault(found, tenant_id)
                if known != tenant_id:
                    self.owners[found] = "shared"
            self.owners[tenant_id] = tenant_id

    def digest(self, tenant_id: UUID) -> dict[str, str]:
        """A checksum of everything a tenant has, by table."""
        query = " union all ".join(
            f"select '{table}', coalesce(md5(string_agg(t::text, ',' order by t::text)), '') from {table} t "
            f"where tenant_id = '{tenant_id}'"
            for table in self.tables
        )
        return dict(self.connection.execute(query).fetchall())  # type: ignore[arg-type]

    def versions(self, tenant_id: UUID | None = None) -> dict[str, str]:
        """Which versions of rows there are, of one tenant or of all, by table: other ones after any change, and a small
        part of the cost of a checksum.
        """
        which = f"where tenant_id = '{tenant_id}'" if tenant_id else ""
        version = "hashint8extended((tableoid::bigint << 32) # hashtid(ctid), xmin::text::bigint)"
        query = " union all ".join(
            f"select '{table}', count(*) || ' ' || coalesce(bit_xor({version}), 0) from {table} {which}"
            for table in self.tables
        )
        return dict(self.connection.execute(query).fetchall())  # type: ignore[arg-type]


def foreign_ids(text: str, own: UUID, grounds: Iterable[Ground], *, said: set[str]) -> set[str]:
    """Ids in `text` that belong to another tenant, but for those that the caller himself had `said`."""
    found = set(UUID_TEXT.findall(text)) - said
    owners = {i: ground.owners[i] for ground in grounds for i in found if i in ground.owners}
    return {i for i, owner in owners.items() if owner not in {str(own), "shared"}}


def grounds() -> list[Ground]:
    """One for each database of this test process."""
    import os

    from django.db import connections

    from apps.core.tenancy.selftest import tenant_models

    superuser = os.environ["TEST_SUPERUSER_URL"]
    return [
        Ground(
            alias=alias,
            dsn=psycopg.conninfo.make_conninfo(superuser, dbname=connections[alias].settings_dict["NAME"]),
            tables=sorted(f'"{model._meta.db_table}"' for model in tenant_models(alias)),
        )
        for alias in settings.PRIMARY_ALIASES
    ]
