"""A tenant table of the tests' own, in a database of its own: the backend is tested below any model."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
from django.conf import settings
from django.db import connections

from apps.core.tenancy import tenant
from apps.core.tenancy.isolation import TENANT

TABLE = "tenancy_probe"


@pytest.fixture
def probe(transactional_db: None) -> Iterator[str]:
    """An isolated table `tenancy_probe(tenant_id, id, note)`, owned by the owner, granted to the application."""
    import psycopg

    connection = connections["default"]
    owner = {**settings.DATABASE_OWNERS["default"]}
    values = connection.settings_dict
    with psycopg.connect(
        host=values["HOST"],
        port=values["PORT"],
        dbname=values["NAME"],
        user=owner["USER"],
        password=owner["PASSWORD"],
        autocommit=True,
    ) as direct:
        direct.execute(f"create table {TABLE} (tenant_id uuid not null, id serial primary key, note text)")
        direct.execute(f"alter table {TABLE} enable row level security")
        direct.execute(f"alter table {TABLE} force row level security")
        direct.execute(
            f"create policy tenant_isolation on {TABLE} "
            f"using (tenant_id = (select {TENANT})) with check (tenant_id = {TENANT})"
        )
        application = settings.DATABASE_ROLES["default"]["application"]
        direct.execute(f'grant select, insert, update, delete, truncate on {TABLE} to "{application}"')
        direct.execute(f'grant usage on all sequences in schema public to "{application}"')
        try:
            yield TABLE
        finally:
            connection.close()
            direct.execute(f"drop table {TABLE}")


@pytest.fixture
def two_tenants(probe: str) -> tuple[UUID, UUID]:
    """Two tenants with twenty rows each."""
    ids = uuid4(), uuid4()
    for tenant_id in ids:
        with tenant(tenant_id), connections["default"].cursor() as cursor:
            cursor.execute(
                f"insert into {probe} (tenant_id, note) select %s, 'row ' || n from generate_series(1, 20) n",
                [tenant_id],
            )
    return ids
