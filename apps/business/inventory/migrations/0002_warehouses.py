"""Warehouses, and what is promised of the goods in them."""

from typing import Any

import django.db.models.deletion
import django.db.models.manager
import django.utils.timezone
import pghistory.utils
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

import apps.core.db.fields
import apps.core.db.ids
import apps.core.tenancy.context
from apps.core.db.roles import roles_of
from apps.core.tenancy.isolation import TenantIsolation, TenantReference


def let_the_relay_look(apps: Any, schema_editor: Any) -> None:
    """What has run out is asked for all tenants at once; the relay may read no more of a reservation than that takes."""
    relay = roles_of(schema_editor.connection.alias).relay
    schema_editor.execute(f'create policy relay_reads on inventory_reservation for select to "{relay}" using (true)')


def keep_the_relay_out(apps: Any, schema_editor: Any) -> None:
    schema_editor.execute("drop policy relay_reads on inventory_reservation")


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0001_initial"),
        ("inventory", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Warehouse",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.db.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("created_by", models.UUIDField(editable=False, null=True)),
                ("updated_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("updated_by", models.UUIDField(editable=False, null=True)),
                (
                    "version",
                    models.PositiveIntegerField(default=1, editable=False, help_text="Counts the saves; the ETag."),
                ),
                ("deleted_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("deleted_by", models.UUIDField(editable=False, null=True)),
                ("deletion_id", models.UUIDField(editable=False, null=True)),
                ("tenant_id", models.UUIDField(default=apps.core.tenancy.context.require_tenant_id, editable=False)),
                ("name", models.CharField(max_length=100)),
                ("address", models.TextField(blank=True, default="", max_length=500)),
                ("country", models.CharField(blank=True, default="", help_text="ISO 3166-1 alpha-2.", max_length=2)),
                ("latitude", models.DecimalField(blank=True, decimal_places=6, max_digits=8, null=True)),
                ("longitude", models.DecimalField(blank=True, decimal_places=6, max_digits=9, null=True)),
                (
                    "priority",
                    models.PositiveSmallIntegerField(
                        default=100, help_text="Goods are taken from the lowest number first."
                    ),
                ),
                ("is_default", models.BooleanField(default=False)),
            ],
            options={
                "abstract": False,
                "base_manager_name": "with_deleted",
            },
            managers=[
                ("objects", django.db.models.manager.Manager()),
                ("with_deleted", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="WarehouseHistory",
            fields=[
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_id", models.BigAutoField(primary_key=True, serialize=False)),
                ("pgh_context", pghistory.utils.JSONField(null=True)),
                ("pgh_context_id", models.UUIDField(null=True)),
                ("id", models.UUIDField(default=apps.core.db.ids.uuid7, editable=False, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("created_by", models.UUIDField(editable=False, null=True)),
                ("updated_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("updated_by", models.UUIDField(editable=False, null=True)),
                (
                    "version",
                    models.PositiveIntegerField(default=1, editable=False, help_text="Counts the saves; the ETag."),
                ),
                ("deleted_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("deleted_by", models.UUIDField(editable=False, null=True)),
                ("deletion_id", models.UUIDField(editable=False, null=True)),
                ("tenant_id", models.UUIDField(default=apps.core.tenancy.context.require_tenant_id, editable=False)),
                ("name", models.CharField(max_length=100)),
                ("address", models.TextField(blank=True, default="", max_length=500)),
                ("country", models.CharField(blank=True, default="", help_text="ISO 3166-1 alpha-2.", max_length=2)),
                ("latitude", models.DecimalField(blank=True, decimal_places=6, max_digits=8, null=True)),
                ("longitude", models.DecimalField(blank=True, decimal_places=6, max_digits=9, null=True)),
                (
                    "priority",
                    models.PositiveSmallIntegerField(
                        default=100, help_text="Goods are taken from the lowest number first."
                    ),
                ),
                ("is_default", models.BooleanField(default=False)),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="history",
                        to="inventory.warehouse",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Reservation",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.db.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("created_by", models.UUIDField(editable=False, null=True)),
                ("updated_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("updated_by", models.UUIDField(editable=False, null=True)),
                (
                    "version",
                    models.PositiveIntegerField(default=1, editable=False, help_text="Counts the saves; the ETag."),
                ),
                ("tenant_id", models.UUIDField(default=apps.core.tenancy.context.require_tenant_id, editable=False)),
                ("order_id", models.UUIDField()),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("taken", "Taken"),
                            ("released", "Released"),
                            ("expired", "Expired"),
                        ],
                        default="open",
                        max_length=16,
                    ),
                ),
                (
                    "expires_at",
                    models.DateTimeField(blank=True, help_text="Left out: it holds until it is given up.", null=True),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "with_deleted",
            },
            managers=[
                ("objects", django.db.models.manager.Manager()),
                ("with_deleted", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="ReservedGoods",
            fields=[
                ("tenant_id", models.UUIDField(default=apps.core.tenancy.context.require_tenant_id, editable=False)),
                (
                    "id",
                    models.UUIDField(default=apps.core.db.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("quantity", models.BigIntegerField()),
                (
                    "product",
                    apps.core.db.fields.TenantForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="catalog.product",
                    ),
                ),
                (
                    "reservation",
                    apps.core.db.fields.TenantForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="goods",
                        to="inventory.reservation",
                    ),
                ),
                (
                    "warehouse",
                    apps.core.db.fields.TenantForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="inventory.warehouse",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="BackOrderAllowance",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.db.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("created_by", models.UUIDField(editable=False, null=True)),
                ("updated_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("updated_by", models.UUIDField(editable=False, null=True)),
                (
                    "version",
                    models.PositiveIntegerField(default=1, editable=False, help_text="Counts the saves; the ETag."),
                ),
                ("tenant_id", models.UUIDField(default=apps.core.tenancy.context.require_tenant_id, editable=False)),
                ("at_most", models.PositiveIntegerField()),
                (
                    "product",
                    apps.core.db.fields.TenantForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="catalog.product",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "with_deleted",
            },
            managers=[
                ("objects", django.db.models.manager.Manager()),
                ("with_deleted", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="BackOrderAllowanceHistory",
            fields=[
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_id", models.BigAutoField(primary_key=True, serialize=False)),
                ("pgh_context", pghistory.utils.JSONField(null=True)),
                ("pgh_context_id", models.UUIDField(null=True)),
                ("id", models.UUIDField(default=apps.core.db.ids.uuid7, editable=False, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("created_by", models.UUIDField(editable=False, null=True)),
                ("updated_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("updated_by", models.UUIDField(editable=False, null=True)),
                (
                    "version",
                    models.PositiveIntegerField(default=1, editable=False, help_text="Counts the saves; the ETag."),
                ),
                ("tenant_id", models.UUIDField(default=apps.core.tenancy.context.require_tenant_id, editable=False)),
                ("at_most", models.PositiveIntegerField()),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="history",
                        to="inventory.backorderallowance",
                    ),
                ),
                (
                    "product",
                    apps.core.db.fields.TenantForeignKey(
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="catalog.product",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.AddIndex(
            model_name="reservation",
            index=models.Index(fields=["tenant_id", "order_id", "-id"], name="inventory_reservation_order"),
        ),
        migrations.AddIndex(
            model_name="reservation",
            index=models.Index(
                condition=models.Q(("status", "open")), fields=["expires_at"], name="inventory_reservation_expiry"
            ),
        ),
        migrations.AddConstraint(
            model_name="reservation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status", "open")),
                fields=("tenant_id", "order_id"),
                name="inventory_one_open_reservation",
            ),
        ),
        migrations.AddConstraint(
            model_name="warehouse",
            constraint=models.UniqueConstraint(
                condition=models.Q(("deleted_at__isnull", True)),
                fields=("tenant_id", "name"),
                name="inventory_warehouse_name",
            ),
        ),
        migrations.AddConstraint(
            model_name="warehouse",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_default", True)), fields=("tenant_id",), name="inventory_one_default_warehouse"
            ),
        ),
        migrations.AddConstraint(
            model_name="warehouse",
            constraint=models.CheckConstraint(
                condition=models.Q(("is_default", False), ("deleted_at__isnull", True), _connector="OR"),
                name="inventory_default_warehouse_stays",
            ),
        ),
        migrations.AddConstraint(
            model_name="warehouse",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("latitude__isnull", True), ("longitude__isnull", True)),
                    models.Q(("latitude__range", (-90, 90)), ("longitude__range", (-180, 180))),
                    _connector="OR",
                ),
                name="inventory_warehouse_on_earth",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="warehouse",
            trigger=pgtrigger.compiler.Trigger(
                name="created_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "inventory_warehousehistory" ("address", "country", "created_at", "created_by", "deleted_at", "deleted_by", "deletion_id", "id", "is_default", "latitude", "longitude", "name", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "priority", "tenant_id", "updated_at", "updated_by", "version") VALUES (NEW."address", NEW."country", NEW."created_at", NEW."created_by", NEW."deleted_at", NEW."deleted_by", NEW."deletion_id", NEW."id", NEW."is_default", NEW."latitude", NEW."longitude", NEW."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'created\', NEW."id", NEW."priority", NEW."tenant_id", NEW."updated_at", NEW."updated_by", NEW."version"); RETURN NULL;',
                    hash="1e12563066e263c4b46108d0c0ed633533ea0fa2",
                    operation="INSERT",
                    pgid="pgtrigger_created_insert_742ce",
                    table="inventory_warehouse",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="warehouse",
            trigger=pgtrigger.compiler.Trigger(
                name="updated_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "inventory_warehousehistory" ("address", "country", "created_at", "created_by", "deleted_at", "deleted_by", "deletion_id", "id", "is_default", "latitude", "longitude", "name", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "priority", "tenant_id", "updated_at", "updated_by", "version") VALUES (NEW."address", NEW."country", NEW."created_at", NEW."created_by", NEW."deleted_at", NEW."deleted_by", NEW."deletion_id", NEW."id", NEW."is_default", NEW."latitude", NEW."longitude", NEW."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'updated\', NEW."id", NEW."priority", NEW."tenant_id", NEW."updated_at", NEW."updated_by", NEW."version"); RETURN NULL;',
                    hash="ba98ba03e31db0e59ccfd42afb7e5d701cfdf8d9",
                    operation="UPDATE",
                    pgid="pgtrigger_updated_update_defba",
                    table="inventory_warehouse",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="warehouse",
            trigger=pgtrigger.compiler.Trigger(
                name="deleted_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "inventory_warehousehistory" ("address", "country", "created_at", "created_by", "deleted_at", "deleted_by", "deletion_id", "id", "is_default", "latitude", "longitude", "name", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "priority", "tenant_id", "updated_at", "updated_by", "version") VALUES (OLD."address", OLD."country", OLD."created_at", OLD."created_by", OLD."deleted_at", OLD."deleted_by", OLD."deletion_id", OLD."id", OLD."is_default", OLD."latitude", OLD."longitude", OLD."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'deleted\', OLD."id", OLD."priority", OLD."tenant_id", OLD."updated_at", OLD."updated_by", OLD."version"); RETURN NULL;',
                    hash="ed1d4dde5882bc3cc903fd037a96a1effb2dfe0a",
                    operation="DELETE",
                    pgid="pgtrigger_deleted_delete_94b44",
                    table="inventory_warehouse",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="backorderallowance",
            constraint=models.UniqueConstraint(
                fields=("tenant_id", "product"), name="inventory_one_allowance_per_product"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="backorderallowance",
            trigger=pgtrigger.compiler.Trigger(
                name="created_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "inventory_backorderallowancehistory" ("at_most", "created_at", "created_by", "id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id", "tenant_id", "updated_at", "updated_by", "version") VALUES (NEW."at_most", NEW."created_at", NEW."created_by", NEW."id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'created\', NEW."id", NEW."product_id", NEW."tenant_id", NEW."updated_at", NEW."updated_by", NEW."version"); RETURN NULL;',
                    hash="93ae220aa666cb92a6f412814664b069c85050ce",
                    operation="INSERT",
                    pgid="pgtrigger_created_insert_b55e9",
                    table="inventory_backorderallowance",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="backorderallowance",
            trigger=pgtrigger.compiler.Trigger(
                name="updated_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "inventory_backorderallowancehistory" ("at_most", "created_at", "created_by", "id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id", "tenant_id", "updated_at", "updated_by", "version") VALUES (NEW."at_most", NEW."created_at", NEW."created_by", NEW."id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'updated\', NEW."id", NEW."product_id", NEW."tenant_id", NEW."updated_at", NEW."updated_by", NEW."version"); RETURN NULL;',
                    hash="410ae69aa19d742494c70e206c43313a5501a246",
                    operation="UPDATE",
                    pgid="pgtrigger_updated_update_7a5a4",
                    table="inventory_backorderallowance",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="backorderallowance",
            trigger=pgtrigger.compiler.Trigger(
                name="deleted_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "inventory_backorderallowancehistory" ("at_most", "created_at", "created_by", "id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id", "tenant_id", "updated_at", "updated_by", "version") VALUES (OLD."at_most", OLD."created_at", OLD."created_by", OLD."id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'deleted\', OLD."id", OLD."product_id", OLD."tenant_id", OLD."updated_at", OLD."updated_by", OLD."version"); RETURN NULL;',
                    hash="40149d310d03fe6acd32ada2b39000cdfd1e4d08",
                    operation="DELETE",
                    pgid="pgtrigger_deleted_delete_a056c",
                    table="inventory_backorderallowance",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="backorderallowancehistory",
            index=models.Index(fields=["pgh_obj", "-pgh_id"], name="inventory_b_pgh_obj_68ab28_idx"),
        ),
        migrations.AddIndex(
            model_name="backorderallowancehistory",
            index=models.Index(
                fields=["tenant_id", "-pgh_created_at", "-pgh_id"], name="inventory_b_tenant__d362ff_idx"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="backorderallowancehistory",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="778563fcc60c6a223aa687351556b984fe7fee90",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_776d0",
                    table="inventory_backorderallowancehistory",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="reservedgoods",
            index=models.Index(fields=["tenant_id", "product", "reservation"], name="inventory_reserved_product"),
        ),
        migrations.AddConstraint(
            model_name="reservedgoods",
            constraint=models.UniqueConstraint(
                fields=("tenant_id", "reservation", "product", "warehouse"),
                name="inventory_reserved_once",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="reservedgoods",
            constraint=models.CheckConstraint(
                condition=models.Q(("quantity__gt", 0)), name="inventory_reserves_something"
            ),
        ),
        migrations.AddIndex(
            model_name="warehousehistory",
            index=models.Index(fields=["pgh_obj", "-pgh_id"], name="inventory_w_pgh_obj_453f3c_idx"),
        ),
        migrations.AddIndex(
            model_name="warehousehistory",
            index=models.Index(
                fields=["tenant_id", "-pgh_created_at", "-pgh_id"], name="inventory_w_tenant__1e79d7_idx"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="warehousehistory",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="4ea6b075a5dade82523ccc2b146901d712d38253",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_48a39",
                    table="inventory_warehousehistory",
                    when="BEFORE",
                ),
            ),
        ),
        TenantIsolation("Warehouse"),
        TenantIsolation("WarehouseHistory"),
        TenantIsolation("Reservation"),
        TenantIsolation("ReservedGoods"),
        TenantIsolation("BackOrderAllowance"),
        TenantIsolation("BackOrderAllowanceHistory"),
        TenantReference("ReservedGoods", "reservation"),
        TenantReference("ReservedGoods", "product"),
        TenantReference("ReservedGoods", "warehouse"),
        TenantReference("BackOrderAllowance", "product"),
        migrations.RunPython(let_the_relay_look, keep_the_relay_out),
    ]
