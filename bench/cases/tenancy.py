"""What isolation costs: one row by primary key under forced row-level security."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import psycopg
from django.conf import settings
from django.db import connections
from django.utils import timezone

from apps.business.catalog.commands import NewProduct, create_product
from apps.core.db.ids import uuid7
from apps.core.history import SYSTEM
from apps.core.tenancy import tenant
from bench.harness import Bench

READS = 400
SELECT = "select name from catalog_product where id = %s"


def run(bench: Bench) -> None:
    tenant_id = uuid7()
    with tenant(tenant_id):
        new = NewProduct(sku="B-1", name="Bench", unit_price=Decimal(1), currency="EUR")
        product_id = create_product(product=new, actor=SYSTEM, now=timezone.now()).id
        url = settings.DATABASE_DIRECT_URLS["business"]
        with psycopg.connect(url, autocommit=True, cursor_factory=psycopg.ClientCursor) as plain:
            bench.compare(
                "A row by its id, behind row-level security",
                "reads",
                {
                    "session setting (leaks; not allowed)": lambda: _session_setting(plain, tenant_id, product_id),
                    "ours: the scope in the statement's message": lambda: _ours(product_id),
                    "BEGIN, set_config, SELECT, COMMIT": lambda: _four_messages(plain, tenant_id, product_id),
                },
                note="One connection; Django's cursor wrapper is part of ours only.",
            )


def _ours(product_id: UUID) -> int:
    with connections["business"].cursor() as cursor:
        for _ in range(READS):
            cursor.execute(SELECT, [product_id])
            assert cursor.fetchone()
    return READS


def _session_setting(plain: psycopg.Connection, tenant_id: UUID, product_id: UUID) -> int:
    plain.execute("select set_config('app.tenant_id', %s, false)", [str(tenant_id)])
    for _ in range(READS):
        assert plain.execute(SELECT, [product_id]).fetchone()
    plain.execute("select set_config('app.tenant_id', '', false)")
    return READS


def _four_messages(plain: psycopg.Connection, tenant_id: UUID, product_id: UUID) -> int:
    for _ in range(READS):
        plain.execute("begin")
        plain.execute("select set_config('app.tenant_id', %s, true)", [str(tenant_id)])
        assert plain.execute(SELECT, [product_id]).fetchone()
        plain.execute("commit")
    return READS
