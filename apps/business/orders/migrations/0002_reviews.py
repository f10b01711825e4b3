"""Orders above a company's limit are held until somebody decides."""

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
    dependencies = [
        ("orders", "0001_initial"),
    ]

    operations = [
        migrations.AlterField(
            model_name="order",
            name="status",
            field=models.CharField(
                choices=[
                    ("held", "Held"),
                    ("under_review", "Under Review"),
                    ("refused", "Refused"),
                    ("placed", "Placed"),
                    ("partly_returned", "Partly Returned"),
                    ("returned", "Returned"),
                    ("cancelled", "Cancelled"),
                ],
                default="placed",
                max_length=16,
            ),
        ),
        migrations.AlterField(
            model_name="orderhistory",
            name="status",
            field=models.CharField(
                choices=[
                    ("held", "Held"),
                    ("under_review", "Under Review"),
                    ("refused", "Refused"),
                    ("placed", "Placed"),
                    ("partly_returned", "Partly Returned"),
                    ("returned", "Returned"),
                    ("cancelled", "Cancelled"),
                ],
                default="placed",
                max_length=16,
            ),
        ),
        migrations.AlterField(
            model_name="ordersummary",
            name="status",
            field=models.CharField(
                choices=[
                    ("held", "Held"),
                    ("under_review", "Under Review"),
                    ("refused", "Refused"),
                    ("placed", "Placed"),
                    ("partly_returned", "Partly Returned"),
                    ("returned", "Returned"),
                    ("cancelled", "Cancelled"),
                ],
                max_length=16,
            ),
        ),
        migrations.CreateModel(
            name="ReviewLimit",
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
                ("above_minor", models.BigIntegerField(help_text="In minor units of `currency`.")),
                (
                    "decide_within_days",
                    models.PositiveSmallIntegerField(help_text="Then the order is refused and its goods released."),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "with_deleted",
                "constraints": [
                    models.UniqueConstraint(fields=("tenant_id", "currency"), name="orders_one_limit_per_currency"),
                    models.CheckConstraint(
                        condition=models.Q(("above_minor__gte", 0)), name="orders_limit_not_negative"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("decide_within_days__gte", 1), ("decide_within_days__lte", 90)),
                        name="orders_decided_within_a_quarter",
                    ),
                ],
            },
            managers=[
                ("objects", django.db.models.manager.Manager()),
                ("with_deleted", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="ReviewLimitHistory",
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
                ("above_minor", models.BigIntegerField(help_text="In minor units of `currency`.")),
                (
                    "decide_within_days",
                    models.PositiveSmallIntegerField(help_text="Then the order is refused and its goods released."),
                ),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="history",
                        to="orders.reviewlimit",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="reviewlimit",
            trigger=pgtrigger.compiler.Trigger(
                name="created_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "orders_reviewlimithistory" ("above_minor", "created_at", "created_by", "currency", "decide_within_days", "id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "tenant_id", "updated_at", "updated_by", "version") VALUES (NEW."above_minor", NEW."created_at", NEW."created_by", NEW."currency", NEW."decide_within_days", NEW."id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'created\', NEW."id", NEW."tenant_id", NEW."updated_at", NEW."updated_by", NEW."version"); RETURN NULL;',
                    hash="2f1cb6285d92edbec6d2abe69794b457ea661bc1",
                    operation="INSERT",
                    pgid="pgtrigger_created_insert_57540",
                    table="orders_reviewlimit",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="reviewlimit",
            trigger=pgtrigger.compiler.Trigger(
                name="updated_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "orders_reviewlimithistory" ("above_minor", "created_at", "created_by", "currency", "decide_within_days", "id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "tenant_id", "updated_at", "updated_by", "version") VALUES (NEW."above_minor", NEW."created_at", NEW."created_by", NEW."currency", NEW."decide_within_days", NEW."id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'updated\', NEW."id", NEW."tenant_id", NEW."updated_at", NEW."updated_by", NEW."version"); RETURN NULL;',
                    hash="1a2e8f9feb0cb943cca83ce8e3c7345a9ea2885a",
                    operation="UPDATE",
                    pgid="pgtrigger_updated_update_1816d",
                    table="orders_reviewlimit",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="reviewlimit",
            trigger=pgtrigger.compiler.Trigger(
                name="deleted_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "orders_reviewlimithistory" ("above_minor", "created_at", "created_by", "currency", "decide_within_days", "id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "tenant_id", "updated_at", "updated_by", "version") VALUES (OLD."above_minor", OLD."created_at", OLD."created_by", OLD."currency", OLD."decide_within_days", OLD."id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'deleted\', OLD."id", OLD."tenant_id", OLD."updated_at", OLD."updated_by", OLD."version"); RETURN NULL;',
                    hash="0b5e4114243f5d054892435dc0de9a6e9923c7a6",
                    operation="DELETE",
                    pgid="pgtrigger_deleted_delete_06743",
                    table="orders_reviewlimit",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="reviewlimithistory",
            index=models.Index(fields=["pgh_obj", "-pgh_id"], name="orders_revi_pgh_obj_f1a2a2_idx"),
        ),
        migrations.AddIndex(
            model_name="reviewlimithistory",
            index=models.Index(
                fields=["tenant_id", "-pgh_created_at", "-pgh_id"], name="orders_revi_tenant__923553_idx"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="reviewlimithistory",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="98fd87bdd464d030d2b0c5a92b969b7a32215365",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_2f05b",
                    table="orders_reviewlimithistory",
                    when="BEFORE",
                ),
            ),
        ),
        TenantIsolation("ReviewLimit"),
        TenantIsolation("ReviewLimitHistory"),
    ]
