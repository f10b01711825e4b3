import django.db.models.deletion
import django.db.models.manager
import django.utils.timezone
import pghistory.utils
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

import apps.core.db.ids
import apps.core.tenancy.context
from apps.core.tenancy.isolation import TenantIsolation


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="ProductHistory",
            fields=[
                ("pgh_id", models.BigAutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
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
                ("sku", models.CharField(max_length=64)),
                ("sku_key", models.CharField(db_collation="C", editable=False, max_length=200)),
                ("name", models.CharField(max_length=200)),
                ("name_key", models.CharField(db_collation="C", editable=False, max_length=200)),
                ("description", models.TextField(blank=True, default="", max_length=4000)),
                ("unit_price_e4", models.BigIntegerField(help_text="1/10,000 major units of `currency`.")),
                ("currency", models.CharField(help_text="ISO 4217.", max_length=3)),
                (
                    "reorder_level",
                    models.PositiveIntegerField(blank=True, help_text="At or below this, stock is low.", null=True),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Product",
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
                ("sku", models.CharField(max_length=64)),
                ("sku_key", models.CharField(db_collation="C", editable=False, max_length=200)),
                ("name", models.CharField(max_length=200)),
                ("name_key", models.CharField(db_collation="C", editable=False, max_length=200)),
                ("description", models.TextField(blank=True, default="", max_length=4000)),
                ("unit_price_e4", models.BigIntegerField(help_text="1/10,000 major units of `currency`.")),
                ("currency", models.CharField(help_text="ISO 4217.", max_length=3)),
                (
                    "reorder_level",
                    models.PositiveIntegerField(blank=True, help_text="At or below this, stock is low.", null=True),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "with_deleted",
                "indexes": [
                    models.Index(fields=["tenant_id", "sku_key", "id"], name="catalog_product_by_sku"),
                    models.Index(fields=["tenant_id", "name_key", "id"], name="catalog_product_by_name"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("deleted_at__isnull", True)),
                        fields=("tenant_id", "sku"),
                        name="catalog_product_sku",
                    ),
                    models.CheckConstraint(condition=models.Q(("unit_price_e4__gte", 0)), name="catalog_product_price"),
                ],
            },
            managers=[
                ("objects", django.db.models.manager.Manager()),
                ("with_deleted", django.db.models.manager.Manager()),
            ],
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="product",
            trigger=pgtrigger.compiler.Trigger(
                name="created_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "catalog_producthistory" ("created_at", "created_by", "currency", "deleted_at", "deleted_by", "deletion_id", "description", "id", "name", "name_key", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reorder_level", "sku", "sku_key", "tenant_id", "unit_price_e4", "updated_at", "updated_by", "version") VALUES (NEW."created_at", NEW."created_by", NEW."currency", NEW."deleted_at", NEW."deleted_by", NEW."deletion_id", NEW."description", NEW."id", NEW."name", NEW."name_key", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'created\', NEW."id", NEW."reorder_level", NEW."sku", NEW."sku_key", NEW."tenant_id", NEW."unit_price_e4", NEW."updated_at", NEW."updated_by", NEW."version"); RETURN NULL;',
                    hash="9a1982fba2a8c3e04ca50ca63364d40c9877bc3d",
                    operation="INSERT",
                    pgid="pgtrigger_created_insert_969e7",
                    table="catalog_product",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="product",
            trigger=pgtrigger.compiler.Trigger(
                name="updated_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "catalog_producthistory" ("created_at", "created_by", "currency", "deleted_at", "deleted_by", "deletion_id", "description", "id", "name", "name_key", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reorder_level", "sku", "sku_key", "tenant_id", "unit_price_e4", "updated_at", "updated_by", "version") VALUES (NEW."created_at", NEW."created_by", NEW."currency", NEW."deleted_at", NEW."deleted_by", NEW."deletion_id", NEW."description", NEW."id", NEW."name", NEW."name_key", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'updated\', NEW."id", NEW."reorder_level", NEW."sku", NEW."sku_key", NEW."tenant_id", NEW."unit_price_e4", NEW."updated_at", NEW."updated_by", NEW."version"); RETURN NULL;',
                    hash="11a567296c0716f7f9b65b2a95f845d25bdcd9bd",
                    operation="UPDATE",
                    pgid="pgtrigger_updated_update_b3ebb",
                    table="catalog_product",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="product",
            trigger=pgtrigger.compiler.Trigger(
                name="deleted_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "catalog_producthistory" ("created_at", "created_by", "currency", "deleted_at", "deleted_by", "deletion_id", "description", "id", "name", "name_key", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reorder_level", "sku", "sku_key", "tenant_id", "unit_price_e4", "updated_at", "updated_by", "version") VALUES (OLD."created_at", OLD."created_by", OLD."currency", OLD."deleted_at", OLD."deleted_by", OLD."deletion_id", OLD."description", OLD."id", OLD."name", OLD."name_key", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'deleted\', OLD."id", OLD."reorder_level", OLD."sku", OLD."sku_key", OLD."tenant_id", OLD."unit_price_e4", OLD."updated_at", OLD."updated_by", OLD."version"); RETURN NULL;',
                    hash="7cafe04f14a6bba9ed7b9773a3d87caf6b0f77c1",
                    operation="DELETE",
                    pgid="pgtrigger_deleted_delete_cb89c",
                    table="catalog_product",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddField(
            model_name="producthistory",
            name="pgh_obj",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="history",
                to="catalog.product",
            ),
        ),
        migrations.AddIndex(
            model_name="producthistory",
            index=models.Index(fields=["pgh_obj", "-pgh_id"], name="catalog_pro_pgh_obj_8987d8_idx"),
        ),
        migrations.AddIndex(
            model_name="producthistory",
            index=models.Index(
                fields=["tenant_id", "-pgh_created_at", "-pgh_id"], name="catalog_pro_tenant__dc5e63_idx"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="producthistory",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="9584deb0d68d3bd52efe2335b759ac45b94511b2",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_7ea5c",
                    table="catalog_producthistory",
                    when="BEFORE",
                ),
            ),
        ),
        TenantIsolation("Product"),
        TenantIsolation("ProductHistory"),
    ]
