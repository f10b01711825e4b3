"""What orders cost in detail, and how they are taxed."""

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
    # The tables that get a required column are made here, so they are empty.
    squawk_ignore = ("adding-required-field",)

    dependencies = [
        ("orders", "0003_fulfilment"),
    ]

    operations = [
        migrations.CreateModel(
            name="TaxRate",
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
                (
                    "country",
                    models.CharField(
                        blank=True, default="", help_text="ISO 3166-1 alpha-2; empty: elsewhere.", max_length=2
                    ),
                ),
                (
                    "tax_class",
                    models.CharField(choices=[("standard", "Standard"), ("reduced", "Reduced")], max_length=16),
                ),
                ("rate_e4", models.PositiveIntegerField(help_text="In 1/10,000: 1900 is 19 %.")),
                ("valid_from", models.DateField()),
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
            name="TaxRateHistory",
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
                (
                    "country",
                    models.CharField(
                        blank=True, default="", help_text="ISO 3166-1 alpha-2; empty: elsewhere.", max_length=2
                    ),
                ),
                (
                    "tax_class",
                    models.CharField(choices=[("standard", "Standard"), ("reduced", "Reduced")], max_length=16),
                ),
                ("rate_e4", models.PositiveIntegerField(help_text="In 1/10,000: 1900 is 19 %.")),
                ("valid_from", models.DateField()),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="TaxSettings",
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
                ("prices_include_tax", models.BooleanField(default=False)),
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
            name="TaxSettingsHistory",
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
                ("prices_include_tax", models.BooleanField(default=False)),
            ],
            options={
                "abstract": False,
            },
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="order",
            name="created_insert",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="order",
            name="updated_update",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="order",
            name="deleted_delete",
        ),
        migrations.AddField(
            model_name="order",
            name="discount_minor",
            field=models.BigIntegerField(db_default=0, default=0, help_text="What was taken off its lines."),
        ),
        migrations.AddField(
            model_name="order",
            name="prices_include_tax",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="order",
            name="tax_minor",
            field=models.BigIntegerField(db_default=0, default=0, help_text="Sum of its lines' taxes."),
        ),
        migrations.AddField(
            model_name="orderhistory",
            name="discount_minor",
            field=models.BigIntegerField(db_default=0, default=0, help_text="What was taken off its lines."),
        ),
        migrations.AddField(
            model_name="orderhistory",
            name="prices_include_tax",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="orderhistory",
            name="tax_minor",
            field=models.BigIntegerField(db_default=0, default=0, help_text="Sum of its lines' taxes."),
        ),
        migrations.AddField(
            model_name="orderline",
            name="discount_minor",
            field=models.BigIntegerField(db_default=0, default=0, help_text="Its own, and its share of the order's."),
        ),
        migrations.AddField(
            model_name="orderline",
            name="tax_minor",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="orderline",
            name="tax_rate_e4",
            field=models.PositiveIntegerField(db_default=0, default=0, help_text="In 1/10,000: 1900 is 19 %."),
        ),
        migrations.AlterField(
            model_name="order",
            name="total_minor",
            field=models.BigIntegerField(help_text="What the buyer owes, in minor units of `currency`."),
        ),
        migrations.AlterField(
            model_name="orderhistory",
            name="total_minor",
            field=models.BigIntegerField(help_text="What the buyer owes, in minor units of `currency`."),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="order",
            trigger=pgtrigger.compiler.Trigger(
                name="created_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "orders_orderhistory" ("cancel_reason", "cancelled_at", "country", "created_at", "created_by", "currency", "customer_id", "discount_minor", "fulfilment_status", "id", "idempotency_key", "note", "number", "paid_minor", "payment_status", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "placed_at", "prices_include_tax", "refunded_minor", "source", "status", "tax_minor", "tenant_id", "total_minor", "updated_at", "updated_by", "version") VALUES (NEW."cancel_reason", NEW."cancelled_at", NEW."country", NEW."created_at", NEW."created_by", NEW."currency", NEW."customer_id", NEW."discount_minor", NEW."fulfilment_status", NEW."id", NEW."idempotency_key", NEW."note", NEW."number", NEW."paid_minor", NEW."payment_status", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'created\', NEW."id", NEW."placed_at", NEW."prices_include_tax", NEW."refunded_minor", NEW."source", NEW."status", NEW."tax_minor", NEW."tenant_id", NEW."total_minor", NEW."updated_at", NEW."updated_by", NEW."version"); RETURN NULL;',
                    hash="3f344c34376c77f73c6206d2acd190e37dd77d50",
                    operation="INSERT",
                    pgid="pgtrigger_created_insert_e530e",
                    table="orders_order",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="order",
            trigger=pgtrigger.compiler.Trigger(
                name="updated_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "orders_orderhistory" ("cancel_reason", "cancelled_at", "country", "created_at", "created_by", "currency", "customer_id", "discount_minor", "fulfilment_status", "id", "idempotency_key", "note", "number", "paid_minor", "payment_status", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "placed_at", "prices_include_tax", "refunded_minor", "source", "status", "tax_minor", "tenant_id", "total_minor", "updated_at", "updated_by", "version") VALUES (NEW."cancel_reason", NEW."cancelled_at", NEW."country", NEW."created_at", NEW."created_by", NEW."currency", NEW."customer_id", NEW."discount_minor", NEW."fulfilment_status", NEW."id", NEW."idempotency_key", NEW."note", NEW."number", NEW."paid_minor", NEW."payment_status", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'updated\', NEW."id", NEW."placed_at", NEW."prices_include_tax", NEW."refunded_minor", NEW."source", NEW."status", NEW."tax_minor", NEW."tenant_id", NEW."total_minor", NEW."updated_at", NEW."updated_by", NEW."version"); RETURN NULL;',
                    hash="59b5e9b138b0e2b8755000159a5addc4fe8ccb04",
                    operation="UPDATE",
                    pgid="pgtrigger_updated_update_4e205",
                    table="orders_order",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="order",
            trigger=pgtrigger.compiler.Trigger(
                name="deleted_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "orders_orderhistory" ("cancel_reason", "cancelled_at", "country", "created_at", "created_by", "currency", "customer_id", "discount_minor", "fulfilment_status", "id", "idempotency_key", "note", "number", "paid_minor", "payment_status", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "placed_at", "prices_include_tax", "refunded_minor", "source", "status", "tax_minor", "tenant_id", "total_minor", "updated_at", "updated_by", "version") VALUES (OLD."cancel_reason", OLD."cancelled_at", OLD."country", OLD."created_at", OLD."created_by", OLD."currency", OLD."customer_id", OLD."discount_minor", OLD."fulfilment_status", OLD."id", OLD."idempotency_key", OLD."note", OLD."number", OLD."paid_minor", OLD."payment_status", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'deleted\', OLD."id", OLD."placed_at", OLD."prices_include_tax", OLD."refunded_minor", OLD."source", OLD."status", OLD."tax_minor", OLD."tenant_id", OLD."total_minor", OLD."updated_at", OLD."updated_by", OLD."version"); RETURN NULL;',
                    hash="eba8ad834d90dd59cead296f2455e3902304caea",
                    operation="DELETE",
                    pgid="pgtrigger_deleted_delete_4af15",
                    table="orders_order",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="taxrate",
            constraint=models.UniqueConstraint(
                fields=("tenant_id", "country", "tax_class", "valid_from"), name="orders_one_tax_rate_a_day"
            ),
        ),
        migrations.AddConstraint(
            model_name="taxrate",
            constraint=models.CheckConstraint(
                condition=models.Q(("rate_e4__lte", 10000)), name="orders_tax_rate_below_whole"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="taxrate",
            trigger=pgtrigger.compiler.Trigger(
                name="created_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "orders_taxratehistory" ("country", "created_at", "created_by", "id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "rate_e4", "tax_class", "tenant_id", "updated_at", "updated_by", "valid_from", "version") VALUES (NEW."country", NEW."created_at", NEW."created_by", NEW."id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'created\', NEW."id", NEW."rate_e4", NEW."tax_class", NEW."tenant_id", NEW."updated_at", NEW."updated_by", NEW."valid_from", NEW."version"); RETURN NULL;',
                    hash="13434473f31a41cfa2989afab9a750d1f1e92e6e",
                    operation="INSERT",
                    pgid="pgtrigger_created_insert_baf1a",
                    table="orders_taxrate",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="taxrate",
            trigger=pgtrigger.compiler.Trigger(
                name="updated_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "orders_taxratehistory" ("country", "created_at", "created_by", "id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "rate_e4", "tax_class", "tenant_id", "updated_at", "updated_by", "valid_from", "version") VALUES (NEW."country", NEW."created_at", NEW."created_by", NEW."id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'updated\', NEW."id", NEW."rate_e4", NEW."tax_class", NEW."tenant_id", NEW."updated_at", NEW."updated_by", NEW."valid_from", NEW."version"); RETURN NULL;',
                    hash="9a9557d325ccceaec838d6770de4ef050650350a",
                    operation="UPDATE",
                    pgid="pgtrigger_updated_update_e2780",
                    table="orders_taxrate",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="taxrate",
            trigger=pgtrigger.compiler.Trigger(
                name="deleted_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "orders_taxratehistory" ("country", "created_at", "created_by", "id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "rate_e4", "tax_class", "tenant_id", "updated_at", "updated_by", "valid_from", "version") VALUES (OLD."country", OLD."created_at", OLD."created_by", OLD."id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'deleted\', OLD."id", OLD."rate_e4", OLD."tax_class", OLD."tenant_id", OLD."updated_at", OLD."updated_by", OLD."valid_from", OLD."version"); RETURN NULL;',
                    hash="c1d128b1f511b1a712398c58f22c00b461f02642",
                    operation="DELETE",
                    pgid="pgtrigger_deleted_delete_f48f3",
                    table="orders_taxrate",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddField(
            model_name="taxratehistory",
            name="pgh_obj",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="history",
                to="orders.taxrate",
            ),
        ),
        migrations.AddConstraint(
            model_name="taxsettings",
            constraint=models.UniqueConstraint(fields=("tenant_id",), name="orders_one_tax_settings"),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="taxsettings",
            trigger=pgtrigger.compiler.Trigger(
                name="created_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "orders_taxsettingshistory" ("created_at", "created_by", "id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "prices_include_tax", "tenant_id", "updated_at", "updated_by", "version") VALUES (NEW."created_at", NEW."created_by", NEW."id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'created\', NEW."id", NEW."prices_include_tax", NEW."tenant_id", NEW."updated_at", NEW."updated_by", NEW."version"); RETURN NULL;',
                    hash="d80e64d7f7307d801c2ed5b36ef7217b5f3cc991",
                    operation="INSERT",
                    pgid="pgtrigger_created_insert_809a9",
                    table="orders_taxsettings",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="taxsettings",
            trigger=pgtrigger.compiler.Trigger(
                name="updated_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "orders_taxsettingshistory" ("created_at", "created_by", "id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "prices_include_tax", "tenant_id", "updated_at", "updated_by", "version") VALUES (NEW."created_at", NEW."created_by", NEW."id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'updated\', NEW."id", NEW."prices_include_tax", NEW."tenant_id", NEW."updated_at", NEW."updated_by", NEW."version"); RETURN NULL;',
                    hash="2fe21f307c06bf7cf9a0d22ee399de0088259279",
                    operation="UPDATE",
                    pgid="pgtrigger_updated_update_aec4a",
                    table="orders_taxsettings",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="taxsettings",
            trigger=pgtrigger.compiler.Trigger(
                name="deleted_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "orders_taxsettingshistory" ("created_at", "created_by", "id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "prices_include_tax", "tenant_id", "updated_at", "updated_by", "version") VALUES (OLD."created_at", OLD."created_by", OLD."id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'deleted\', OLD."id", OLD."prices_include_tax", OLD."tenant_id", OLD."updated_at", OLD."updated_by", OLD."version"); RETURN NULL;',
                    hash="e3b741ddc87ec660e6e4665d062d82a64e854933",
                    operation="DELETE",
                    pgid="pgtrigger_deleted_delete_bbcfc",
                    table="orders_taxsettings",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddField(
            model_name="taxsettingshistory",
            name="pgh_obj",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="history",
                to="orders.taxsettings",
            ),
        ),
        migrations.AddIndex(
            model_name="taxratehistory",
            index=models.Index(fields=["pgh_obj", "-pgh_id"], name="orders_taxr_pgh_obj_b22cdf_idx"),
        ),
        migrations.AddIndex(
            model_name="taxratehistory",
            index=models.Index(
                fields=["tenant_id", "-pgh_created_at", "-pgh_id"], name="orders_taxr_tenant__f07345_idx"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="taxratehistory",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="495593a9305fc9afc0793ffeee1e3856688ab6fa",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_371c8",
                    table="orders_taxratehistory",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="taxsettingshistory",
            index=models.Index(fields=["pgh_obj", "-pgh_id"], name="orders_taxs_pgh_obj_40c6b3_idx"),
        ),
        migrations.AddIndex(
            model_name="taxsettingshistory",
            index=models.Index(
                fields=["tenant_id", "-pgh_created_at", "-pgh_id"], name="orders_taxs_tenant__291518_idx"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="taxsettingshistory",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="4b0e477da528fa9795fa00a4dedb5651920da40f",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_35af9",
                    table="orders_taxsettingshistory",
                    when="BEFORE",
                ),
            ),
        ),
        TenantIsolation("TaxRate"),
        TenantIsolation("TaxRateHistory"),
        TenantIsolation("TaxSettings"),
        TenantIsolation("TaxSettingsHistory"),
    ]
