"""Where orders go, and what their way costs."""

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
from apps.core.tenancy.isolation import TenantIsolation, TenantReference


class Migration(migrations.Migration):
    # The tables that get a required column are made here, so they are empty.
    squawk_ignore = ("adding-required-field",)

    dependencies = [
        ("orders", "0006_shipped_within_bought"),
    ]

    operations = [
        migrations.CreateModel(
            name="CustomerAddress",
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
                ("name", models.CharField(help_text="Who receives it there.", max_length=200)),
                ("lines", models.CharField(help_text="Street and house, one to four lines.", max_length=400)),
                ("city", models.CharField(max_length=100)),
                ("country", models.CharField(help_text="ISO 3166-1 alpha-2.", max_length=2)),
                ("postal_code", models.CharField(blank=True, default="", max_length=20)),
                ("region", models.CharField(blank=True, default="", max_length=100)),
                ("phone", models.CharField(blank=True, default="", max_length=40)),
                ("default_for_shipping", models.BooleanField(default=False)),
                ("default_for_billing", models.BooleanField(default=False)),
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
            name="CustomerAddressHistory",
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
                ("name", models.CharField(help_text="Who receives it there.", max_length=200)),
                ("lines", models.CharField(help_text="Street and house, one to four lines.", max_length=400)),
                ("city", models.CharField(max_length=100)),
                ("country", models.CharField(help_text="ISO 3166-1 alpha-2.", max_length=2)),
                ("postal_code", models.CharField(blank=True, default="", max_length=20)),
                ("region", models.CharField(blank=True, default="", max_length=100)),
                ("phone", models.CharField(blank=True, default="", max_length=40)),
                ("default_for_shipping", models.BooleanField(default=False)),
                ("default_for_billing", models.BooleanField(default=False)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ShippingMethod",
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
                ("countries", models.JSONField(default=list, help_text="ISO 3166-1 alpha-2; none: everywhere.")),
                ("prices", models.JSONField(help_text='{"GBP": {"price_minor": 495, "free_from_minor": 5000}}')),
                (
                    "tax_class",
                    models.CharField(
                        choices=[
                            ("standard", "Standard"),
                            ("reduced", "Reduced"),
                            ("zero", "Zero"),
                            ("exempt", "Exempt"),
                        ],
                        default="standard",
                        max_length=16,
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
            name="ShippingMethodHistory",
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
                ("countries", models.JSONField(default=list, help_text="ISO 3166-1 alpha-2; none: everywhere.")),
                ("prices", models.JSONField(help_text='{"GBP": {"price_minor": 495, "free_from_minor": 5000}}')),
                (
                    "tax_class",
                    models.CharField(
                        choices=[
                            ("standard", "Standard"),
                            ("reduced", "Reduced"),
                            ("zero", "Zero"),
                            ("exempt", "Exempt"),
                        ],
                        default="standard",
                        max_length=16,
                    ),
                ),
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
            name="billing_address",
            field=models.JSONField(
                blank=True, db_default={}, default=dict, help_text="Where the invoice goes, as of when it was placed."
            ),
        ),
        migrations.AddField(
            model_name="order",
            name="shipping_address",
            field=models.JSONField(
                blank=True, db_default={}, default=dict, help_text="Where the goods go, as of when it was placed."
            ),
        ),
        migrations.AddField(
            model_name="order",
            name="shipping_method_id",
            field=models.UUIDField(blank=True, help_text="The way that was chosen, if one was.", null=True),
        ),
        migrations.AddField(
            model_name="order",
            name="shipping_minor",
            field=models.BigIntegerField(db_default=0, default=0, help_text="What that way costs, as a line of it."),
        ),
        migrations.AddField(
            model_name="orderhistory",
            name="billing_address",
            field=models.JSONField(
                blank=True, db_default={}, default=dict, help_text="Where the invoice goes, as of when it was placed."
            ),
        ),
        migrations.AddField(
            model_name="orderhistory",
            name="shipping_address",
            field=models.JSONField(
                blank=True, db_default={}, default=dict, help_text="Where the goods go, as of when it was placed."
            ),
        ),
        migrations.AddField(
            model_name="orderhistory",
            name="shipping_method_id",
            field=models.UUIDField(blank=True, help_text="The way that was chosen, if one was.", null=True),
        ),
        migrations.AddField(
            model_name="orderhistory",
            name="shipping_minor",
            field=models.BigIntegerField(db_default=0, default=0, help_text="What that way costs, as a line of it."),
        ),
        migrations.AlterField(
            model_name="order",
            name="source",
            field=models.CharField(
                choices=[
                    ("console", "Console"),
                    ("api", "Api"),
                    ("shop", "Shop"),
                    ("import", "Import"),
                    ("demo", "Demo"),
                ],
                default="console",
                max_length=16,
            ),
        ),
        migrations.AlterField(
            model_name="orderhistory",
            name="source",
            field=models.CharField(
                choices=[
                    ("console", "Console"),
                    ("api", "Api"),
                    ("shop", "Shop"),
                    ("import", "Import"),
                    ("demo", "Demo"),
                ],
                default="console",
                max_length=16,
            ),
        ),
        migrations.AlterField(
            model_name="orderline",
            name="kind",
            field=models.CharField(
                choices=[
                    ("product", "Product"),
                    ("discount", "Discount"),
                    ("postage", "Postage"),
                    ("manual", "Manual"),
                    ("shipping", "Shipping"),
                ],
                max_length=16,
            ),
        ),
        migrations.AlterField(
            model_name="orderreturnline",
            name="kind",
            field=models.CharField(
                choices=[
                    ("product", "Product"),
                    ("discount", "Discount"),
                    ("postage", "Postage"),
                    ("manual", "Manual"),
                    ("shipping", "Shipping"),
                ],
                max_length=16,
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="order",
            trigger=pgtrigger.compiler.Trigger(
                name="created_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "orders_orderhistory" ("billing_address", "cancel_reason", "cancelled_at", "country", "created_at", "created_by", "currency", "customer_id", "discount_minor", "fulfilment_status", "id", "idempotency_key", "note", "number", "paid_minor", "payment_method", "payment_status", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "placed_at", "prices_include_tax", "refunded_minor", "shipping_address", "shipping_method_id", "shipping_minor", "source", "status", "tax_minor", "tenant_id", "total_minor", "updated_at", "updated_by", "version") VALUES (NEW."billing_address", NEW."cancel_reason", NEW."cancelled_at", NEW."country", NEW."created_at", NEW."created_by", NEW."currency", NEW."customer_id", NEW."discount_minor", NEW."fulfilment_status", NEW."id", NEW."idempotency_key", NEW."note", NEW."number", NEW."paid_minor", NEW."payment_method", NEW."payment_status", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'created\', NEW."id", NEW."placed_at", NEW."prices_include_tax", NEW."refunded_minor", NEW."shipping_address", NEW."shipping_method_id", NEW."shipping_minor", NEW."source", NEW."status", NEW."tax_minor", NEW."tenant_id", NEW."total_minor", NEW."updated_at", NEW."updated_by", NEW."version"); RETURN NULL;',
                    hash="ddff5d66f53e29134177c1b8e2017853482d2571",
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
                    func='INSERT INTO "orders_orderhistory" ("billing_address", "cancel_reason", "cancelled_at", "country", "created_at", "created_by", "currency", "customer_id", "discount_minor", "fulfilment_status", "id", "idempotency_key", "note", "number", "paid_minor", "payment_method", "payment_status", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "placed_at", "prices_include_tax", "refunded_minor", "shipping_address", "shipping_method_id", "shipping_minor", "source", "status", "tax_minor", "tenant_id", "total_minor", "updated_at", "updated_by", "version") VALUES (NEW."billing_address", NEW."cancel_reason", NEW."cancelled_at", NEW."country", NEW."created_at", NEW."created_by", NEW."currency", NEW."customer_id", NEW."discount_minor", NEW."fulfilment_status", NEW."id", NEW."idempotency_key", NEW."note", NEW."number", NEW."paid_minor", NEW."payment_method", NEW."payment_status", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'updated\', NEW."id", NEW."placed_at", NEW."prices_include_tax", NEW."refunded_minor", NEW."shipping_address", NEW."shipping_method_id", NEW."shipping_minor", NEW."source", NEW."status", NEW."tax_minor", NEW."tenant_id", NEW."total_minor", NEW."updated_at", NEW."updated_by", NEW."version"); RETURN NULL;',
                    hash="caa0fd7a3c6835f1f80a665c7260a9040d69e1d2",
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
                    func='INSERT INTO "orders_orderhistory" ("billing_address", "cancel_reason", "cancelled_at", "country", "created_at", "created_by", "currency", "customer_id", "discount_minor", "fulfilment_status", "id", "idempotency_key", "note", "number", "paid_minor", "payment_method", "payment_status", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "placed_at", "prices_include_tax", "refunded_minor", "shipping_address", "shipping_method_id", "shipping_minor", "source", "status", "tax_minor", "tenant_id", "total_minor", "updated_at", "updated_by", "version") VALUES (OLD."billing_address", OLD."cancel_reason", OLD."cancelled_at", OLD."country", OLD."created_at", OLD."created_by", OLD."currency", OLD."customer_id", OLD."discount_minor", OLD."fulfilment_status", OLD."id", OLD."idempotency_key", OLD."note", OLD."number", OLD."paid_minor", OLD."payment_method", OLD."payment_status", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'deleted\', OLD."id", OLD."placed_at", OLD."prices_include_tax", OLD."refunded_minor", OLD."shipping_address", OLD."shipping_method_id", OLD."shipping_minor", OLD."source", OLD."status", OLD."tax_minor", OLD."tenant_id", OLD."total_minor", OLD."updated_at", OLD."updated_by", OLD."version"); RETURN NULL;',
                    hash="c6b235eb6fcdfd09f22cb902490282194c2dcbb2",
                    operation="DELETE",
                    pgid="pgtrigger_deleted_delete_4af15",
                    table="orders_order",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddField(
            model_name="customeraddress",
            name="customer",
            field=apps.core.db.fields.TenantForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="addresses",
                to="orders.customer",
            ),
        ),
        migrations.AddField(
            model_name="customeraddresshistory",
            name="customer",
            field=apps.core.db.fields.TenantForeignKey(
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to="orders.customer",
            ),
        ),
        migrations.AddField(
            model_name="customeraddresshistory",
            name="pgh_obj",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="history",
                to="orders.customeraddress",
            ),
        ),
        migrations.AddConstraint(
            model_name="shippingmethod",
            constraint=models.UniqueConstraint(
                condition=models.Q(("deleted_at__isnull", True)),
                fields=("tenant_id", "name"),
                name="orders_shipping_method_name",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="shippingmethod",
            trigger=pgtrigger.compiler.Trigger(
                name="created_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "orders_shippingmethodhistory" ("countries", "created_at", "created_by", "deleted_at", "deleted_by", "deletion_id", "id", "name", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "prices", "tax_class", "tenant_id", "updated_at", "updated_by", "version") VALUES (NEW."countries", NEW."created_at", NEW."created_by", NEW."deleted_at", NEW."deleted_by", NEW."deletion_id", NEW."id", NEW."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'created\', NEW."id", NEW."prices", NEW."tax_class", NEW."tenant_id", NEW."updated_at", NEW."updated_by", NEW."version"); RETURN NULL;',
                    hash="0e92908270d3e6e8dc435847601b8fe7a050a9d4",
                    operation="INSERT",
                    pgid="pgtrigger_created_insert_e5b0d",
                    table="orders_shippingmethod",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="shippingmethod",
            trigger=pgtrigger.compiler.Trigger(
                name="updated_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "orders_shippingmethodhistory" ("countries", "created_at", "created_by", "deleted_at", "deleted_by", "deletion_id", "id", "name", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "prices", "tax_class", "tenant_id", "updated_at", "updated_by", "version") VALUES (NEW."countries", NEW."created_at", NEW."created_by", NEW."deleted_at", NEW."deleted_by", NEW."deletion_id", NEW."id", NEW."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'updated\', NEW."id", NEW."prices", NEW."tax_class", NEW."tenant_id", NEW."updated_at", NEW."updated_by", NEW."version"); RETURN NULL;',
                    hash="ec98529092475d0906b47ee43c2dbba9c9552b24",
                    operation="UPDATE",
                    pgid="pgtrigger_updated_update_15a67",
                    table="orders_shippingmethod",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="shippingmethod",
            trigger=pgtrigger.compiler.Trigger(
                name="deleted_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "orders_shippingmethodhistory" ("countries", "created_at", "created_by", "deleted_at", "deleted_by", "deletion_id", "id", "name", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "prices", "tax_class", "tenant_id", "updated_at", "updated_by", "version") VALUES (OLD."countries", OLD."created_at", OLD."created_by", OLD."deleted_at", OLD."deleted_by", OLD."deletion_id", OLD."id", OLD."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'deleted\', OLD."id", OLD."prices", OLD."tax_class", OLD."tenant_id", OLD."updated_at", OLD."updated_by", OLD."version"); RETURN NULL;',
                    hash="87b94ae9d6add4cbb5b54728cb30f99433e231c4",
                    operation="DELETE",
                    pgid="pgtrigger_deleted_delete_1bc6c",
                    table="orders_shippingmethod",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddField(
            model_name="shippingmethodhistory",
            name="pgh_obj",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="history",
                to="orders.shippingmethod",
            ),
        ),
        migrations.AddIndex(
            model_name="customeraddress",
            index=models.Index(fields=["tenant_id", "customer", "id"], name="orders_address_of_customer"),
        ),
        migrations.AddConstraint(
            model_name="customeraddress",
            constraint=models.UniqueConstraint(
                condition=models.Q(("default_for_shipping", True), ("deleted_at__isnull", True)),
                fields=("tenant_id", "customer"),
                name="orders_one_shipping_default",
            ),
        ),
        migrations.AddConstraint(
            model_name="customeraddress",
            constraint=models.UniqueConstraint(
                condition=models.Q(("default_for_billing", True), ("deleted_at__isnull", True)),
                fields=("tenant_id", "customer"),
                name="orders_one_billing_default",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="customeraddress",
            trigger=pgtrigger.compiler.Trigger(
                name="created_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "orders_customeraddresshistory" ("city", "country", "created_at", "created_by", "customer_id", "default_for_billing", "default_for_shipping", "deleted_at", "deleted_by", "deletion_id", "id", "lines", "name", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "phone", "postal_code", "region", "tenant_id", "updated_at", "updated_by", "version") VALUES (NEW."city", NEW."country", NEW."created_at", NEW."created_by", NEW."customer_id", NEW."default_for_billing", NEW."default_for_shipping", NEW."deleted_at", NEW."deleted_by", NEW."deletion_id", NEW."id", NEW."lines", NEW."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'created\', NEW."id", NEW."phone", NEW."postal_code", NEW."region", NEW."tenant_id", NEW."updated_at", NEW."updated_by", NEW."version"); RETURN NULL;',
                    hash="69fb9081cb14eae44241617c3325bfc24b7eb3d0",
                    operation="INSERT",
                    pgid="pgtrigger_created_insert_cdbc3",
                    table="orders_customeraddress",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="customeraddress",
            trigger=pgtrigger.compiler.Trigger(
                name="updated_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "orders_customeraddresshistory" ("city", "country", "created_at", "created_by", "customer_id", "default_for_billing", "default_for_shipping", "deleted_at", "deleted_by", "deletion_id", "id", "lines", "name", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "phone", "postal_code", "region", "tenant_id", "updated_at", "updated_by", "version") VALUES (NEW."city", NEW."country", NEW."created_at", NEW."created_by", NEW."customer_id", NEW."default_for_billing", NEW."default_for_shipping", NEW."deleted_at", NEW."deleted_by", NEW."deletion_id", NEW."id", NEW."lines", NEW."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'updated\', NEW."id", NEW."phone", NEW."postal_code", NEW."region", NEW."tenant_id", NEW."updated_at", NEW."updated_by", NEW."version"); RETURN NULL;',
                    hash="47f0ef8720a1cafffb7b0009fc523bd48d2c283c",
                    operation="UPDATE",
                    pgid="pgtrigger_updated_update_6eb60",
                    table="orders_customeraddress",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="customeraddress",
            trigger=pgtrigger.compiler.Trigger(
                name="deleted_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "orders_customeraddresshistory" ("city", "country", "created_at", "created_by", "customer_id", "default_for_billing", "default_for_shipping", "deleted_at", "deleted_by", "deletion_id", "id", "lines", "name", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "phone", "postal_code", "region", "tenant_id", "updated_at", "updated_by", "version") VALUES (OLD."city", OLD."country", OLD."created_at", OLD."created_by", OLD."customer_id", OLD."default_for_billing", OLD."default_for_shipping", OLD."deleted_at", OLD."deleted_by", OLD."deletion_id", OLD."id", OLD."lines", OLD."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'deleted\', OLD."id", OLD."phone", OLD."postal_code", OLD."region", OLD."tenant_id", OLD."updated_at", OLD."updated_by", OLD."version"); RETURN NULL;',
                    hash="e0c65b8c4bf2ede69c442c1f0db28696aa45e6ea",
                    operation="DELETE",
                    pgid="pgtrigger_deleted_delete_6a54b",
                    table="orders_customeraddress",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="customeraddresshistory",
            index=models.Index(fields=["pgh_obj", "-pgh_id"], name="orders_cust_pgh_obj_523434_idx"),
        ),
        migrations.AddIndex(
            model_name="customeraddresshistory",
            index=models.Index(
                fields=["tenant_id", "-pgh_created_at", "-pgh_id"], name="orders_cust_tenant__e996a5_idx"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="customeraddresshistory",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="f15c8164467cc2f41076ed5085011bd46affcc61",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_bc238",
                    table="orders_customeraddresshistory",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="shippingmethodhistory",
            index=models.Index(fields=["pgh_obj", "-pgh_id"], name="orders_ship_pgh_obj_56120a_idx"),
        ),
        migrations.AddIndex(
            model_name="shippingmethodhistory",
            index=models.Index(
                fields=["tenant_id", "-pgh_created_at", "-pgh_id"], name="orders_ship_tenant__325369_idx"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="shippingmethodhistory",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="79a7813af8c65d0a707691577af1ba22b4de4684",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_eca1a",
                    table="orders_shippingmethodhistory",
                    when="BEFORE",
                ),
            ),
        ),
        TenantIsolation("CustomerAddress"),
        TenantIsolation("CustomerAddressHistory"),
        TenantIsolation("ShippingMethod"),
        TenantIsolation("ShippingMethodHistory"),
        TenantReference("CustomerAddress", "customer"),
    ]
