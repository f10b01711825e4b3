"""Products have variants, a tax class, and prices in other currencies and at other times."""

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
import django.db.models.manager
import django.utils.timezone
import pghistory.utils
import pgtrigger.compiler
import pgtrigger.migrations
from django.contrib.postgres.operations import BtreeGistExtension
from django.db import migrations, models

import apps.core.db.fields
import apps.core.db.ids
import apps.core.tenancy.context
from apps.core.tenancy.isolation import TenantIsolation, TenantReference


class Migration(migrations.Migration):
    # The new columns are empty: their constraints and the partial index are made by one short look at the catalogue.
    # Required columns are added only to tables that this migration makes.
    squawk_ignore = (
        "adding-required-field",
        "adding-foreign-key-constraint",
        "constraint-missing-not-valid",
        "require-concurrent-index-creation",
    )

    dependencies = [
        ("catalog", "0001_initial"),
    ]

    operations = [
        BtreeGistExtension(),
        migrations.CreateModel(
            name="ProductPrice",
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
                ("currency", models.CharField(help_text="ISO 4217.", max_length=3)),
                ("price_e4", models.BigIntegerField(help_text="1/10,000 major units of `currency`.")),
                ("valid_from", models.DateTimeField()),
                (
                    "valid_to",
                    models.DateTimeField(blank=True, help_text="The first moment at which it is over.", null=True),
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
            name="ProductPriceHistory",
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
                ("currency", models.CharField(help_text="ISO 4217.", max_length=3)),
                ("price_e4", models.BigIntegerField(help_text="1/10,000 major units of `currency`.")),
                ("valid_from", models.DateTimeField()),
                (
                    "valid_to",
                    models.DateTimeField(blank=True, help_text="The first moment at which it is over.", null=True),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="product",
            name="created_insert",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="product",
            name="updated_update",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="product",
            name="deleted_delete",
        ),
        migrations.AddField(
            model_name="product",
            name="options",
            field=models.JSONField(
                blank=True, db_default={}, default=dict, help_text='How a variant differs, such as {"size": "M"}.'
            ),
        ),
        migrations.AddField(
            model_name="product",
            name="tax_class",
            field=models.CharField(
                choices=[("standard", "Standard"), ("reduced", "Reduced"), ("zero", "Zero"), ("exempt", "Exempt")],
                db_default="standard",
                default="standard",
                max_length=16,
            ),
        ),
        migrations.AddField(
            model_name="product",
            name="variant_of",
            field=apps.core.db.fields.TenantForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="variants",
                to="catalog.product",
            ),
        ),
        migrations.AddField(
            model_name="producthistory",
            name="options",
            field=models.JSONField(
                blank=True, db_default={}, default=dict, help_text='How a variant differs, such as {"size": "M"}.'
            ),
        ),
        migrations.AddField(
            model_name="producthistory",
            name="tax_class",
            field=models.CharField(
                choices=[("standard", "Standard"), ("reduced", "Reduced"), ("zero", "Zero"), ("exempt", "Exempt")],
                db_default="standard",
                default="standard",
                max_length=16,
            ),
        ),
        migrations.AddField(
            model_name="producthistory",
            name="variant_of",
            field=apps.core.db.fields.TenantForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to="catalog.product",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="product",
            trigger=pgtrigger.compiler.Trigger(
                name="created_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "catalog_producthistory" ("created_at", "created_by", "currency", "deleted_at", "deleted_by", "deletion_id", "description", "id", "name", "name_key", "options", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reorder_level", "sku", "sku_key", "tax_class", "tenant_id", "unit_price_e4", "updated_at", "updated_by", "variant_of_id", "version") VALUES (NEW."created_at", NEW."created_by", NEW."currency", NEW."deleted_at", NEW."deleted_by", NEW."deletion_id", NEW."description", NEW."id", NEW."name", NEW."name_key", NEW."options", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'created\', NEW."id", NEW."reorder_level", NEW."sku", NEW."sku_key", NEW."tax_class", NEW."tenant_id", NEW."unit_price_e4", NEW."updated_at", NEW."updated_by", NEW."variant_of_id", NEW."version"); RETURN NULL;',
                    hash="8b6b985bd07c40f2443b8247d869b77e38546f0d",
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
                    func='INSERT INTO "catalog_producthistory" ("created_at", "created_by", "currency", "deleted_at", "deleted_by", "deletion_id", "description", "id", "name", "name_key", "options", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reorder_level", "sku", "sku_key", "tax_class", "tenant_id", "unit_price_e4", "updated_at", "updated_by", "variant_of_id", "version") VALUES (NEW."created_at", NEW."created_by", NEW."currency", NEW."deleted_at", NEW."deleted_by", NEW."deletion_id", NEW."description", NEW."id", NEW."name", NEW."name_key", NEW."options", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'updated\', NEW."id", NEW."reorder_level", NEW."sku", NEW."sku_key", NEW."tax_class", NEW."tenant_id", NEW."unit_price_e4", NEW."updated_at", NEW."updated_by", NEW."variant_of_id", NEW."version"); RETURN NULL;',
                    hash="1071130383828d13aa01d6cac27d085b93f072a6",
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
                    func='INSERT INTO "catalog_producthistory" ("created_at", "created_by", "currency", "deleted_at", "deleted_by", "deletion_id", "description", "id", "name", "name_key", "options", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reorder_level", "sku", "sku_key", "tax_class", "tenant_id", "unit_price_e4", "updated_at", "updated_by", "variant_of_id", "version") VALUES (OLD."created_at", OLD."created_by", OLD."currency", OLD."deleted_at", OLD."deleted_by", OLD."deletion_id", OLD."description", OLD."id", OLD."name", OLD."name_key", OLD."options", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'deleted\', OLD."id", OLD."reorder_level", OLD."sku", OLD."sku_key", OLD."tax_class", OLD."tenant_id", OLD."unit_price_e4", OLD."updated_at", OLD."updated_by", OLD."variant_of_id", OLD."version"); RETURN NULL;',
                    hash="24d1cf8138e81dfafe12ff592bf0a440079dbd9b",
                    operation="DELETE",
                    pgid="pgtrigger_deleted_delete_cb89c",
                    table="catalog_product",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="product",
            constraint=models.UniqueConstraint(
                condition=models.Q(("deleted_at__isnull", True), ("variant_of__isnull", False)),
                fields=("tenant_id", "variant_of", "options"),
                name="catalog_product_variant",
            ),
        ),
        migrations.AddConstraint(
            model_name="product",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("variant_of__isnull", True),
                    models.Q(("variant_of", models.F("id")), _negated=True),
                    _connector="OR",
                ),
                name="catalog_product_not_its_own_variant",
            ),
        ),
        migrations.AddField(
            model_name="productprice",
            name="product",
            field=apps.core.db.fields.TenantForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="prices", to="catalog.product"
            ),
        ),
        migrations.AddField(
            model_name="productpricehistory",
            name="pgh_obj",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="history",
                to="catalog.productprice",
            ),
        ),
        migrations.AddField(
            model_name="productpricehistory",
            name="product",
            field=apps.core.db.fields.TenantForeignKey(
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to="catalog.product",
            ),
        ),
        migrations.AddIndex(
            model_name="productprice",
            index=models.Index(fields=["tenant_id", "product", "currency", "valid_from"], name="catalog_price_at"),
        ),
        migrations.AddConstraint(
            model_name="productprice",
            constraint=models.CheckConstraint(
                condition=models.Q(("price_e4__gte", 0)), name="catalog_price_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="productprice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("valid_to__isnull", True), ("valid_to__gt", models.F("valid_from")), _connector="OR"
                ),
                name="catalog_price_lasts",
            ),
        ),
        migrations.AddConstraint(
            model_name="productprice",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[
                    ("tenant_id", "="),
                    ("product", "="),
                    ("currency", "="),
                    (
                        models.Func(
                            "valid_from",
                            "valid_to",
                            function="tstzrange",
                            output_field=django.contrib.postgres.fields.ranges.DateTimeRangeField(),
                        ),
                        "&&",
                    ),
                ],
                name="catalog_price_no_overlap",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="productprice",
            trigger=pgtrigger.compiler.Trigger(
                name="created_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "catalog_productpricehistory" ("created_at", "created_by", "currency", "id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "price_e4", "product_id", "tenant_id", "updated_at", "updated_by", "valid_from", "valid_to", "version") VALUES (NEW."created_at", NEW."created_by", NEW."currency", NEW."id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'created\', NEW."id", NEW."price_e4", NEW."product_id", NEW."tenant_id", NEW."updated_at", NEW."updated_by", NEW."valid_from", NEW."valid_to", NEW."version"); RETURN NULL;',
                    hash="b587c18dac8da17b3d92a3d146a9eed17e13a653",
                    operation="INSERT",
                    pgid="pgtrigger_created_insert_a8a78",
                    table="catalog_productprice",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="productprice",
            trigger=pgtrigger.compiler.Trigger(
                name="updated_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "catalog_productpricehistory" ("created_at", "created_by", "currency", "id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "price_e4", "product_id", "tenant_id", "updated_at", "updated_by", "valid_from", "valid_to", "version") VALUES (NEW."created_at", NEW."created_by", NEW."currency", NEW."id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'updated\', NEW."id", NEW."price_e4", NEW."product_id", NEW."tenant_id", NEW."updated_at", NEW."updated_by", NEW."valid_from", NEW."valid_to", NEW."version"); RETURN NULL;',
                    hash="c2f43b23dc291428240cafab8dadf5f681fb9d86",
                    operation="UPDATE",
                    pgid="pgtrigger_updated_update_71c70",
                    table="catalog_productprice",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="productprice",
            trigger=pgtrigger.compiler.Trigger(
                name="deleted_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "catalog_productpricehistory" ("created_at", "created_by", "currency", "id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "price_e4", "product_id", "tenant_id", "updated_at", "updated_by", "valid_from", "valid_to", "version") VALUES (OLD."created_at", OLD."created_by", OLD."currency", OLD."id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'deleted\', OLD."id", OLD."price_e4", OLD."product_id", OLD."tenant_id", OLD."updated_at", OLD."updated_by", OLD."valid_from", OLD."valid_to", OLD."version"); RETURN NULL;',
                    hash="ab898385e1d269bf7d34ab362d9c38d80ec1ff7b",
                    operation="DELETE",
                    pgid="pgtrigger_deleted_delete_6e92a",
                    table="catalog_productprice",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="productpricehistory",
            index=models.Index(fields=["pgh_obj", "-pgh_id"], name="catalog_pro_pgh_obj_860117_idx"),
        ),
        migrations.AddIndex(
            model_name="productpricehistory",
            index=models.Index(
                fields=["tenant_id", "-pgh_created_at", "-pgh_id"], name="catalog_pro_tenant__f3f9db_idx"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="productpricehistory",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="6c98d10c9452353d9de04de36adf1b62a4943f0d",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_8aaf8",
                    table="catalog_productpricehistory",
                    when="BEFORE",
                ),
            ),
        ),
        TenantReference("Product", "variant_of"),
        TenantReference("ProductPrice", "product"),
        TenantIsolation("ProductPrice"),
        TenantIsolation("ProductPriceHistory"),
    ]
