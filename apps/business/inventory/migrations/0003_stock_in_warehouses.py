"""Expand: what is in stock lies in a warehouse. Whoever knows of none yet writes into the tenant's default.

Nothing here reads or rewrites a table; what lies there already is moved by 0004.
"""

import django.db.models.deletion
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

import apps.core.db.fields

# The one place where a default warehouse is made: at the first write of a tenant, by whichever version of the code.
DEFAULT_WAREHOUSE = """
create function inventory_default_warehouse(of_tenant uuid) returns uuid
language plpgsql set search_path = public, pg_temp as $$
declare
    found uuid;
begin
    select id into found from inventory_warehouse where tenant_id = of_tenant and is_default;
    if found is null then
        insert into inventory_warehouse (id, created_at, updated_at, version, tenant_id, name, address, country,
                                         priority, is_default)
        values (gen_random_uuid(), now(), now(), 1, of_tenant, 'Main warehouse', '', '', 100, true)
        on conflict (tenant_id) where is_default do nothing;
        select id into found from inventory_warehouse where tenant_id = of_tenant and is_default;
    end if;
    return found;
end $$;

create function inventory_lies_somewhere() returns trigger
language plpgsql set search_path = public, pg_temp as $$
begin
    new.warehouse_id := inventory_default_warehouse(new.tenant_id);
    return new;
end $$;

create trigger lies_somewhere before insert on inventory_stocklevel
for each row when (new.warehouse_id is null) execute function inventory_lies_somewhere();
create trigger lies_somewhere before insert on inventory_stockmovement
for each row when (new.warehouse_id is null) execute function inventory_lies_somewhere();
"""
NO_DEFAULT_WAREHOUSE = """
drop trigger lies_somewhere on inventory_stockmovement;
drop trigger lies_somewhere on inventory_stocklevel;
drop function inventory_lies_somewhere();
drop function inventory_default_warehouse(uuid);
"""


def warehouse_of(table: str) -> migrations.RunSQL:
    """The reference as `TenantReference` makes it, not yet validated."""
    constraint = f'"{table}_warehouse_tenant_fk"'
    return migrations.RunSQL(
        f"alter table {table} add constraint {constraint} foreign key (tenant_id, warehouse_id) "
        "references inventory_warehouse (tenant_id, id) deferrable initially deferred not valid",
        f"alter table {table} drop constraint {constraint}",
    )


def warehouse_field() -> apps.core.db.fields.TenantForeignKey:
    return apps.core.db.fields.TenantForeignKey(
        db_index=False,
        null=True,
        on_delete=django.db.models.deletion.PROTECT,
        related_name="+",
        to="inventory.warehouse",
    )


class Migration(migrations.Migration):
    dependencies = [("inventory", "0002_warehouses")]

    operations = [
        migrations.AddField(model_name="stocklevel", name="warehouse", field=warehouse_field()),
        migrations.AddField(model_name="stockmovement", name="warehouse", field=warehouse_field()),
        migrations.AddField(
            model_name="stocklevel",
            name="reserved",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="stocklevel",
            name="low_at",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="At or below this, what is available is low; left out: the product's level.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="stocklevel",
            name="is_low",
            field=models.BooleanField(db_default=False, default=False, help_text="It was announced that it ran low."),
        ),
        migrations.AlterField(
            model_name="stockmovement",
            name="kind",
            field=models.CharField(
                choices=[
                    ("receipt", "Receipt"),
                    ("sale", "Sale"),
                    ("return", "Return"),
                    ("adjustment", "Adjustment"),
                    ("transfer", "Transfer"),
                ],
                max_length=16,
            ),
        ),
        AddConstraintNotValid(
            model_name="stocklevel",
            constraint=models.CheckConstraint(
                condition=models.Q(("reserved__gte", 0), ("reserved__lte", models.F("on_hand"))),
                name="inventory_never_oversold",
            ),
        ),
        warehouse_of("inventory_stocklevel"),
        warehouse_of("inventory_stockmovement"),
        migrations.RunSQL(DEFAULT_WAREHOUSE, NO_DEFAULT_WAREHOUSE),
    ]
