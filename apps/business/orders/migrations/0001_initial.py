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
    initial = True

    dependencies = [
        ("catalog", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="CustomerHistory",
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
                ("tenant_id", models.UUIDField(default=apps.core.tenancy.context.require_tenant_id, editable=False)),
                ("code", models.CharField(max_length=64)),
                ("name", models.CharField(max_length=200)),
                ("name_key", models.CharField(db_collation="C", editable=False, max_length=200)),
                ("email", models.EmailField(blank=True, default="", max_length=254)),
                ("country", models.CharField(blank=True, default="", max_length=100)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="DailyRevenue",
            fields=[
                ("tenant_id", models.UUIDField(default=apps.core.tenancy.context.require_tenant_id, editable=False)),
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("day", models.DateField()),
                ("currency", models.CharField(max_length=3)),
                ("order_count", models.BigIntegerField(default=0)),
                ("sold_minor", models.BigIntegerField(default=0)),
                ("returned_minor", models.BigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="ImportedLine",
            fields=[
                ("tenant_id", models.UUIDField(default=apps.core.tenancy.context.require_tenant_id, editable=False)),
                (
                    "id",
                    models.UUIDField(default=apps.core.db.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("run_id", models.UUIDField()),
                ("line_number", models.PositiveIntegerField(help_text="In the file, the heading being line 1.")),
                ("invoice_no", models.CharField(blank=True, default="", max_length=32)),
                ("ordinal", models.PositiveIntegerField(default=0, help_text="Its place in the invoice, from 1.")),
                (
                    "fingerprint",
                    models.CharField(
                        help_text="Of the line's content: two runs may bring the same line.", max_length=32
                    ),
                ),
                (
                    "outcome",
                    models.CharField(choices=[("imported", "Imported"), ("rejected", "Rejected")], max_length=16),
                ),
                (
                    "became",
                    models.CharField(
                        blank=True, default="", help_text="order, return, credit or adjustment", max_length=16
                    ),
                ),
                ("reason", models.CharField(blank=True, default="", help_text="Why it was rejected.", max_length=200)),
                (
                    "exact_e4",
                    models.BigIntegerField(help_text="Quantity times price, exactly, in 1/10,000 major units."),
                ),
                (
                    "booked_minor",
                    models.BigIntegerField(default=0, help_text="What was booked for it, in minor units."),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ImportRun",
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
                ("checksum", models.CharField(help_text="SHA-256 of the file as it lies on disk.", max_length=64)),
                ("file_name", models.CharField(max_length=255)),
                ("currency", models.CharField(max_length=3)),
                ("time_zone", models.CharField(max_length=64)),
                (
                    "opening_booked_at",
                    models.DateTimeField(help_text="When the opening receipts were booked, once.", null=True),
                ),
                ("finished_at", models.DateTimeField(null=True)),
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
            name="Order",
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
                ("number", models.CharField(max_length=32)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("placed", "Placed"),
                            ("partly_returned", "Partly Returned"),
                            ("returned", "Returned"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="placed",
                        max_length=16,
                    ),
                ),
                ("placed_at", models.DateTimeField()),
                ("currency", models.CharField(help_text="ISO 4217.", max_length=3)),
                ("total_minor", models.BigIntegerField(help_text="Sum of the lines, in minor units of `currency`.")),
                (
                    "country",
                    models.CharField(
                        blank=True, default="", help_text="Where it went, as the order said.", max_length=100
                    ),
                ),
                ("note", models.CharField(blank=True, default="", max_length=500)),
                (
                    "source",
                    models.CharField(
                        choices=[("console", "Console"), ("api", "Api"), ("import", "Import"), ("demo", "Demo")],
                        default="console",
                        max_length=16,
                    ),
                ),
                (
                    "idempotency_key",
                    models.CharField(
                        blank=True,
                        default="",
                        editable=False,
                        help_text="A second order with the same key is this one.",
                        max_length=64,
                    ),
                ),
                ("cancelled_at", models.DateTimeField(blank=True, null=True)),
                ("cancel_reason", models.CharField(blank=True, default="", max_length=200)),
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
            name="OrderCounter",
            fields=[
                (
                    "tenant_id",
                    models.UUIDField(
                        default=apps.core.tenancy.context.require_tenant_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("last_number", models.BigIntegerField(default=0)),
                ("updated_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="OrderHistory",
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
                ("tenant_id", models.UUIDField(default=apps.core.tenancy.context.require_tenant_id, editable=False)),
                ("number", models.CharField(max_length=32)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("placed", "Placed"),
                            ("partly_returned", "Partly Returned"),
                            ("returned", "Returned"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="placed",
                        max_length=16,
                    ),
                ),
                ("placed_at", models.DateTimeField()),
                ("currency", models.CharField(help_text="ISO 4217.", max_length=3)),
                ("total_minor", models.BigIntegerField(help_text="Sum of the lines, in minor units of `currency`.")),
                (
                    "country",
                    models.CharField(
                        blank=True, default="", help_text="Where it went, as the order said.", max_length=100
                    ),
                ),
                ("note", models.CharField(blank=True, default="", max_length=500)),
                (
                    "source",
                    models.CharField(
                        choices=[("console", "Console"), ("api", "Api"), ("import", "Import"), ("demo", "Demo")],
                        default="console",
                        max_length=16,
                    ),
                ),
                (
                    "idempotency_key",
                    models.CharField(
                        blank=True,
                        default="",
                        editable=False,
                        help_text="A second order with the same key is this one.",
                        max_length=64,
                    ),
                ),
                ("cancelled_at", models.DateTimeField(blank=True, null=True)),
                ("cancel_reason", models.CharField(blank=True, default="", max_length=200)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="OrderLine",
            fields=[
                ("tenant_id", models.UUIDField(default=apps.core.tenancy.context.require_tenant_id, editable=False)),
                (
                    "id",
                    models.UUIDField(default=apps.core.db.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("ordinal", models.PositiveIntegerField(help_text="Its place in the order, from 1.")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("product", "Product"),
                            ("discount", "Discount"),
                            ("postage", "Postage"),
                            ("manual", "Manual"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "code",
                    models.CharField(blank=True, default="", help_text="The stock code of that moment.", max_length=64),
                ),
                ("description", models.CharField(max_length=200)),
                ("quantity", models.BigIntegerField()),
                ("unit_price_e4", models.BigIntegerField()),
                ("total_minor", models.BigIntegerField()),
                ("returned_quantity", models.BigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="OrderReturn",
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
                    "number",
                    models.CharField(blank=True, default="", help_text="Of the credit note, if any.", max_length=40),
                ),
                ("returned_at", models.DateTimeField()),
                ("currency", models.CharField(help_text="ISO 4217.", max_length=3)),
                (
                    "total_minor",
                    models.BigIntegerField(help_text="What the buyer gets back, in minor units of `currency`."),
                ),
                ("reason", models.CharField(blank=True, default="", max_length=200)),
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
            name="OrderReturnLine",
            fields=[
                ("tenant_id", models.UUIDField(default=apps.core.tenancy.context.require_tenant_id, editable=False)),
                (
                    "id",
                    models.UUIDField(default=apps.core.db.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("ordinal", models.PositiveIntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("product", "Product"),
                            ("discount", "Discount"),
                            ("postage", "Postage"),
                            ("manual", "Manual"),
                        ],
                        max_length=16,
                    ),
                ),
                ("code", models.CharField(blank=True, default="", max_length=64)),
                ("description", models.CharField(max_length=200)),
                ("quantity", models.BigIntegerField()),
                ("unit_price_e4", models.BigIntegerField()),
                ("total_minor", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="OrderSummary",
            fields=[
                ("tenant_id", models.UUIDField(default=apps.core.tenancy.context.require_tenant_id, editable=False)),
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("number", models.CharField(max_length=32)),
                ("number_key", models.CharField(db_collation="C", editable=False, max_length=32)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("placed", "Placed"),
                            ("partly_returned", "Partly Returned"),
                            ("returned", "Returned"),
                            ("cancelled", "Cancelled"),
                        ],
                        max_length=16,
                    ),
                ),
                ("placed_at", models.DateTimeField()),
                ("currency", models.CharField(max_length=3)),
                ("line_count", models.PositiveIntegerField()),
                ("item_count", models.BigIntegerField(help_text="Pieces of all products together.")),
                ("total_minor", models.BigIntegerField()),
                ("returned_minor", models.BigIntegerField(default=0)),
                ("source", models.CharField(max_length=16)),
                (
                    "last_sequence",
                    models.BigIntegerField(help_text="The place, in the order's stream, of the last event seen."),
                ),
                ("updated_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name="Customer",
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
                ("code", models.CharField(max_length=64)),
                ("name", models.CharField(max_length=200)),
                ("name_key", models.CharField(db_collation="C", editable=False, max_length=200)),
                ("email", models.EmailField(blank=True, default="", max_length=254)),
                ("country", models.CharField(blank=True, default="", max_length=100)),
            ],
            options={
                "abstract": False,
                "base_manager_name": "with_deleted",
                "indexes": [models.Index(fields=["tenant_id", "name_key", "id"], name="orders_customer_by_name")],
                "constraints": [models.UniqueConstraint(fields=("tenant_id", "code"), name="orders_customer_code")],
            },
            managers=[
                ("objects", django.db.models.manager.Manager()),
                ("with_deleted", django.db.models.manager.Manager()),
            ],
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="customer",
            trigger=pgtrigger.compiler.Trigger(
                name="created_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "orders_customerhistory" ("code", "country", "created_at", "created_by", "email", "id", "name", "name_key", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "tenant_id", "updated_at", "updated_by", "version") VALUES (NEW."code", NEW."country", NEW."created_at", NEW."created_by", NEW."email", NEW."id", NEW."name", NEW."name_key", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'created\', NEW."id", NEW."tenant_id", NEW."updated_at", NEW."updated_by", NEW."version"); RETURN NULL;',
                    hash="a99897c43748d52b2468b888aa660dc2def88932",
                    operation="INSERT",
                    pgid="pgtrigger_created_insert_2a51a",
                    table="orders_customer",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="customer",
            trigger=pgtrigger.compiler.Trigger(
                name="updated_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "orders_customerhistory" ("code", "country", "created_at", "created_by", "email", "id", "name", "name_key", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "tenant_id", "updated_at", "updated_by", "version") VALUES (NEW."code", NEW."country", NEW."created_at", NEW."created_by", NEW."email", NEW."id", NEW."name", NEW."name_key", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'updated\', NEW."id", NEW."tenant_id", NEW."updated_at", NEW."updated_by", NEW."version"); RETURN NULL;',
                    hash="8c1ca1e0d468db827bb5611ee8c5c19ac9caa911",
                    operation="UPDATE",
                    pgid="pgtrigger_updated_update_83278",
                    table="orders_customer",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="customer",
            trigger=pgtrigger.compiler.Trigger(
                name="deleted_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "orders_customerhistory" ("code", "country", "created_at", "created_by", "email", "id", "name", "name_key", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "tenant_id", "updated_at", "updated_by", "version") VALUES (OLD."code", OLD."country", OLD."created_at", OLD."created_by", OLD."email", OLD."id", OLD."name", OLD."name_key", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'deleted\', OLD."id", OLD."tenant_id", OLD."updated_at", OLD."updated_by", OLD."version"); RETURN NULL;',
                    hash="320eca925150f6d225a485058bb5e413201f730d",
                    operation="DELETE",
                    pgid="pgtrigger_deleted_delete_3e455",
                    table="orders_customer",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddField(
            model_name="customerhistory",
            name="pgh_obj",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="history",
                to="orders.customer",
            ),
        ),
        migrations.AddConstraint(
            model_name="dailyrevenue",
            constraint=models.UniqueConstraint(fields=("tenant_id", "day", "currency"), name="orders_revenue_of_day"),
        ),
        migrations.AddConstraint(
            model_name="importedline",
            constraint=models.UniqueConstraint(
                condition=models.Q(("outcome", "rejected")),
                fields=("tenant_id", "run_id", "line_number"),
                name="orders_rejected_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="importedline",
            constraint=models.UniqueConstraint(
                condition=models.Q(("outcome", "imported")),
                fields=("tenant_id", "invoice_no", "ordinal"),
                name="orders_imported_identity",
            ),
        ),
        migrations.AddConstraint(
            model_name="importrun",
            constraint=models.UniqueConstraint(fields=("tenant_id", "checksum"), name="orders_import_file"),
        ),
        migrations.AddField(
            model_name="order",
            name="customer",
            field=apps.core.db.fields.TenantForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="orders",
                to="orders.customer",
            ),
        ),
        migrations.AddField(
            model_name="orderhistory",
            name="customer",
            field=apps.core.db.fields.TenantForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to="orders.customer",
            ),
        ),
        migrations.AddField(
            model_name="orderhistory",
            name="pgh_obj",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="history",
                to="orders.order",
            ),
        ),
        migrations.AddField(
            model_name="orderline",
            name="order",
            field=apps.core.db.fields.TenantForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="lines", to="orders.order"
            ),
        ),
        migrations.AddField(
            model_name="orderline",
            name="product",
            field=apps.core.db.fields.TenantForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="catalog.product",
            ),
        ),
        migrations.AddField(
            model_name="orderreturn",
            name="customer",
            field=apps.core.db.fields.TenantForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="orders.customer",
            ),
        ),
        migrations.AddField(
            model_name="orderreturn",
            name="order",
            field=apps.core.db.fields.TenantForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="returns",
                to="orders.order",
            ),
        ),
        migrations.AddField(
            model_name="orderreturnline",
            name="order_line",
            field=apps.core.db.fields.TenantForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="orders.orderline",
            ),
        ),
        migrations.AddField(
            model_name="orderreturnline",
            name="order_return",
            field=apps.core.db.fields.TenantForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="lines",
                to="orders.orderreturn",
            ),
        ),
        migrations.AddField(
            model_name="orderreturnline",
            name="product",
            field=apps.core.db.fields.TenantForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="catalog.product",
            ),
        ),
        migrations.AddField(
            model_name="ordersummary",
            name="customer",
            field=apps.core.db.fields.TenantForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="orders.customer",
            ),
        ),
        migrations.AddIndex(
            model_name="customerhistory",
            index=models.Index(fields=["pgh_obj", "-pgh_id"], name="orders_cust_pgh_obj_36dec2_idx"),
        ),
        migrations.AddIndex(
            model_name="customerhistory",
            index=models.Index(
                fields=["tenant_id", "-pgh_created_at", "-pgh_id"], name="orders_cust_tenant__42b2a8_idx"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="customerhistory",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="211a0f5340fedb7102fe215b7f0278346b9810c9",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_2cc53",
                    table="orders_customerhistory",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["tenant_id", "customer", "-placed_at"], name="orders_order_of_customer"),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.UniqueConstraint(fields=("tenant_id", "number"), name="orders_order_number"),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.UniqueConstraint(
                condition=models.Q(("idempotency_key", ""), _negated=True),
                fields=("tenant_id", "idempotency_key"),
                name="orders_order_key",
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("cancelled_at__isnull", False), ("status", "cancelled")),
                    models.Q(models.Q(("status", "cancelled"), _negated=True), ("cancelled_at__isnull", True)),
                    _connector="OR",
                ),
                name="orders_cancelled_has_time",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="order",
            trigger=pgtrigger.compiler.Trigger(
                name="created_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "orders_orderhistory" ("cancel_reason", "cancelled_at", "country", "created_at", "created_by", "currency", "customer_id", "id", "idempotency_key", "note", "number", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "placed_at", "source", "status", "tenant_id", "total_minor", "updated_at", "updated_by", "version") VALUES (NEW."cancel_reason", NEW."cancelled_at", NEW."country", NEW."created_at", NEW."created_by", NEW."currency", NEW."customer_id", NEW."id", NEW."idempotency_key", NEW."note", NEW."number", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'created\', NEW."id", NEW."placed_at", NEW."source", NEW."status", NEW."tenant_id", NEW."total_minor", NEW."updated_at", NEW."updated_by", NEW."version"); RETURN NULL;',
                    hash="3ca0b4f4f381ea8b9ceb3483d2de923b7a3d065f",
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
                    func='INSERT INTO "orders_orderhistory" ("cancel_reason", "cancelled_at", "country", "created_at", "created_by", "currency", "customer_id", "id", "idempotency_key", "note", "number", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "placed_at", "source", "status", "tenant_id", "total_minor", "updated_at", "updated_by", "version") VALUES (NEW."cancel_reason", NEW."cancelled_at", NEW."country", NEW."created_at", NEW."created_by", NEW."currency", NEW."customer_id", NEW."id", NEW."idempotency_key", NEW."note", NEW."number", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'updated\', NEW."id", NEW."placed_at", NEW."source", NEW."status", NEW."tenant_id", NEW."total_minor", NEW."updated_at", NEW."updated_by", NEW."version"); RETURN NULL;',
                    hash="b09498195d32100cf4c5a02b9047762b79da867d",
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
                    func='INSERT INTO "orders_orderhistory" ("cancel_reason", "cancelled_at", "country", "created_at", "created_by", "currency", "customer_id", "id", "idempotency_key", "note", "number", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "placed_at", "source", "status", "tenant_id", "total_minor", "updated_at", "updated_by", "version") VALUES (OLD."cancel_reason", OLD."cancelled_at", OLD."country", OLD."created_at", OLD."created_by", OLD."currency", OLD."customer_id", OLD."id", OLD."idempotency_key", OLD."note", OLD."number", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'deleted\', OLD."id", OLD."placed_at", OLD."source", OLD."status", OLD."tenant_id", OLD."total_minor", OLD."updated_at", OLD."updated_by", OLD."version"); RETURN NULL;',
                    hash="21339a1a63277c8adfcdaecc14f9159d176b725e",
                    operation="DELETE",
                    pgid="pgtrigger_deleted_delete_4af15",
                    table="orders_order",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="orderhistory",
            index=models.Index(fields=["pgh_obj", "-pgh_id"], name="orders_orde_pgh_obj_460a3d_idx"),
        ),
        migrations.AddIndex(
            model_name="orderhistory",
            index=models.Index(
                fields=["tenant_id", "-pgh_created_at", "-pgh_id"], name="orders_orde_tenant__42626b_idx"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="orderhistory",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="57f366fb48da3be6a7f9f4030cd5bbe81e72714a",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_a32c6",
                    table="orders_orderhistory",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="orderline",
            index=models.Index(fields=["tenant_id", "product"], name="orders_line_of_product"),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.UniqueConstraint(fields=("tenant_id", "order", "ordinal"), name="orders_line_ordinal"),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "product"), ("product__isnull", False)),
                    models.Q(models.Q(("kind", "product"), _negated=True), ("product__isnull", True)),
                    _connector="OR",
                ),
                name="orders_product_line",
            ),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "product"), _negated=True),
                    models.Q(("quantity__gt", 0), ("unit_price_e4__gte", 0)),
                    _connector="OR",
                ),
                name="orders_goods_cost",
            ),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("returned_quantity", 0),
                    models.Q(
                        ("quantity__gt", 0),
                        ("returned_quantity__gt", 0),
                        ("returned_quantity__lte", models.F("quantity")),
                    ),
                    _connector="OR",
                ),
                name="orders_returned_within_bought",
            ),
        ),
        migrations.AddIndex(
            model_name="orderreturn",
            index=models.Index(fields=["tenant_id", "order", "returned_at"], name="orders_returns_of_order"),
        ),
        migrations.AddConstraint(
            model_name="orderreturn",
            constraint=models.UniqueConstraint(
                condition=models.Q(("number", ""), _negated=True),
                fields=("tenant_id", "number"),
                name="orders_return_number",
            ),
        ),
        migrations.AddConstraint(
            model_name="orderreturnline",
            constraint=models.UniqueConstraint(
                fields=("tenant_id", "order_return", "ordinal"), name="orders_return_ordinal"
            ),
        ),
        migrations.AddConstraint(
            model_name="orderreturnline",
            constraint=models.CheckConstraint(condition=models.Q(("quantity__gt", 0)), name="orders_return_quantity"),
        ),
        migrations.AddConstraint(
            model_name="orderreturnline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "product"), ("product__isnull", False)),
                    models.Q(models.Q(("kind", "product"), _negated=True), ("product__isnull", True)),
                    _connector="OR",
                ),
                name="orders_return_of_product",
            ),
        ),
        migrations.AddIndex(
            model_name="ordersummary",
            index=models.Index(fields=["tenant_id", "-placed_at", "-id"], name="orders_summary_newest"),
        ),
        migrations.AddIndex(
            model_name="ordersummary",
            index=models.Index(fields=["tenant_id", "status", "-placed_at", "-id"], name="orders_summary_by_status"),
        ),
        migrations.AddIndex(
            model_name="ordersummary",
            index=models.Index(
                fields=["tenant_id", "customer", "-placed_at", "-id"], name="orders_summary_of_customer"
            ),
        ),
        migrations.AddIndex(
            model_name="ordersummary",
            index=models.Index(fields=["tenant_id", "number_key"], name="orders_summary_by_number"),
        ),
        TenantIsolation("Customer"),
        TenantIsolation("CustomerHistory"),
        TenantIsolation("Order"),
        TenantIsolation("OrderHistory"),
        TenantIsolation("OrderLine"),
        TenantIsolation("OrderCounter"),
        TenantIsolation("OrderReturn"),
        TenantIsolation("OrderReturnLine"),
        TenantIsolation("OrderSummary"),
        TenantIsolation("DailyRevenue"),
        TenantIsolation("ImportRun"),
        TenantIsolation("ImportedLine"),
        TenantReference("Order", "customer"),
        TenantReference("OrderLine", "order"),
        TenantReference("OrderLine", "product"),
        TenantReference("OrderReturn", "order"),
        TenantReference("OrderReturn", "customer"),
        TenantReference("OrderReturnLine", "order_return"),
        TenantReference("OrderReturnLine", "order_line"),
        TenantReference("OrderReturnLine", "product"),
        TenantReference("OrderSummary", "customer"),
    ]
