"""What lies in stock already lies in its tenant's default warehouse. Safe to begin again where it was interrupted.

Each step is a transaction of its own, so that nobody waits for longer than one of them takes.
"""

from typing import Any

import django.db.models.deletion
from django.contrib.postgres.operations import AddIndexConcurrently, ValidateConstraint
from django.db import migrations, models

import apps.core.db.fields
from apps.core.db.roles import roles_of
from apps.core.tenancy import tenant

BATCH = 5000
noop = migrations.RunSQL.noop
TABLES = ("inventory_stocklevel", "inventory_stockmovement")


def fill(apps: Any, schema_editor: Any) -> None:
    """Tenant by tenant, a batch at a time. Which tenants there are, only a policy for the owner can tell."""
    owner = roles_of(schema_editor.connection.alias).owner
    for table in TABLES:
        schema_editor.execute(f"drop policy if exists owner_lists on {table}")
        schema_editor.execute(f'create policy owner_lists on {table} for select to "{owner}" using (true)')
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(f"select distinct tenant_id from {table} where warehouse_id is null")  # noqa: S608 (TABLES)
            waiting = [tenant_id for (tenant_id,) in cursor.fetchall()]
        schema_editor.execute(f"drop policy owner_lists on {table}")
        for tenant_id in waiting:
            with tenant(tenant_id):
                _fill(table, tenant_id, schema_editor.connection)


def _fill(table: str, tenant_id: Any, connection: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select inventory_default_warehouse(%s)", [tenant_id])
        (warehouse_id,) = cursor.fetchone()
        changed = BATCH
        while changed == BATCH:
            cursor.execute(
                f"update {table} set warehouse_id = %s where tenant_id = %s and id in "  # noqa: S608 (TABLES)
                f"(select id from {table} where tenant_id = %s and warehouse_id is null limit {BATCH} for update)",
                [warehouse_id, tenant_id, tenant_id],
            )
            changed = cursor.rowcount


def one_level_per_warehouse() -> migrations.SeparateDatabaseAndState:
    """Where there was one level for each product, there is one for each product and warehouse."""
    index = "inventory_one_level_per_warehouse"
    build = f"create unique index concurrently {index} on inventory_stocklevel (tenant_id, product_id, warehouse_id)"
    adopt = f"alter table inventory_stocklevel add constraint {index} unique using index {index}"
    return migrations.SeparateDatabaseAndState(
        database_operations=[
            migrations.RunSQL(f"alter table inventory_stocklevel drop constraint if exists {index}", noop),
            migrations.RunSQL(f"drop index concurrently if exists {index}", noop),
            migrations.RunSQL(build, noop),
            migrations.RunSQL(adopt, f"alter table inventory_stocklevel drop constraint {index}"),
        ],
        state_operations=[
            migrations.AddConstraint(
                model_name="stocklevel",
                constraint=models.UniqueConstraint(fields=("tenant_id", "product", "warehouse"), name=index),
            )
        ],
    )


def always_somewhere(table: str, model: str) -> list[Any]:
    """`not null` without reading the table under a lock: PostgreSQL takes a validated check for proof."""
    proof = f"{table}_lies_somewhere"
    steps = (
        (f"alter table {table} drop constraint if exists {proof}", noop),
        (
            f"alter table {table} add constraint {proof} check (warehouse_id is not null) not valid",
            f"alter table {table} drop constraint if exists {proof}",
        ),
        (f"alter table {table} validate constraint {proof}", noop),
        (
            f"alter table {table} alter warehouse_id set not null",
            f"alter table {table} alter warehouse_id drop not null",
        ),
        (f"alter table {table} drop constraint {proof}", noop),
    )
    field = apps.core.db.fields.TenantForeignKey(
        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="inventory.warehouse"
    )
    state = migrations.AlterField(model_name=model, name="warehouse", field=field)
    return [
        *(migrations.RunSQL(forwards, backwards) for forwards, backwards in steps),
        migrations.SeparateDatabaseAndState(state_operations=[state]),
    ]


def validated(table: str) -> migrations.RunSQL:
    constraint = f'"{table}_warehouse_tenant_fk"'
    return migrations.RunSQL(f"alter table {table} validate constraint {constraint}", noop)


class Migration(migrations.Migration):
    atomic = False
    # A proof is dropped when it has served, and one level for each product gives way to one for each warehouse of it:
    # whoever still counts on the former finds just one as long as the tenant has one warehouse.
    squawk_ignore = ("ban-drop-constraint",)

    dependencies = [("inventory", "0003_stock_in_warehouses")]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
        *(validated(table) for table in TABLES),
        ValidateConstraint(model_name="stocklevel", name="inventory_never_oversold"),
        *always_somewhere("inventory_stocklevel", "stocklevel"),
        *always_somewhere("inventory_stockmovement", "stockmovement"),
        one_level_per_warehouse(),
        migrations.RemoveConstraint(model_name="stocklevel", name="inventory_one_level_per_product"),
        AddIndexConcurrently(
            model_name="stocklevel",
            index=models.Index(fields=["tenant_id", "warehouse", "id"], name="inventory_levels_of_warehouse"),
        ),
        AddIndexConcurrently(
            model_name="stockmovement",
            index=models.Index(
                condition=models.Q(("order_id__isnull", False)),
                fields=["tenant_id", "order_id"],
                name="inventory_ledger_of_order",
            ),
        ),
    ]
