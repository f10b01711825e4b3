"""Orders that are paid for at once."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0004_totals_and_taxes"),
    ]

    operations = [
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
            name="payment_method",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="The provider's token; empty: on account.",
                max_length=255,
            ),
        ),
        migrations.AddField(
            model_name="orderhistory",
            name="payment_method",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="The provider's token; empty: on account.",
                max_length=255,
            ),
        ),
        migrations.AlterField(
            model_name="order",
            name="status",
            field=models.CharField(
                choices=[
                    ("pending", "Pending"),
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
                    ("pending", "Pending"),
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
                    ("pending", "Pending"),
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
        pgtrigger.migrations.AddTrigger(
            model_name="order",
            trigger=pgtrigger.compiler.Trigger(
                name="created_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "orders_orderhistory" ("cancel_reason", "cancelled_at", "country", "created_at", "created_by", "currency", "customer_id", "discount_minor", "fulfilment_status", "id", "idempotency_key", "note", "number", "paid_minor", "payment_method", "payment_status", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "placed_at", "prices_include_tax", "refunded_minor", "source", "status", "tax_minor", "tenant_id", "total_minor", "updated_at", "updated_by", "version") VALUES (NEW."cancel_reason", NEW."cancelled_at", NEW."country", NEW."created_at", NEW."created_by", NEW."currency", NEW."customer_id", NEW."discount_minor", NEW."fulfilment_status", NEW."id", NEW."idempotency_key", NEW."note", NEW."number", NEW."paid_minor", NEW."payment_method", NEW."payment_status", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'created\', NEW."id", NEW."placed_at", NEW."prices_include_tax", NEW."refunded_minor", NEW."source", NEW."status", NEW."tax_minor", NEW."tenant_id", NEW."total_minor", NEW."updated_at", NEW."updated_by", NEW."version"); RETURN NULL;',
                    hash="54011a39016ce80f8ec8aa23098304c69ad4abe4",
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
                    func='INSERT INTO "orders_orderhistory" ("cancel_reason", "cancelled_at", "country", "created_at", "created_by", "currency", "customer_id", "discount_minor", "fulfilment_status", "id", "idempotency_key", "note", "number", "paid_minor", "payment_method", "payment_status", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "placed_at", "prices_include_tax", "refunded_minor", "source", "status", "tax_minor", "tenant_id", "total_minor", "updated_at", "updated_by", "version") VALUES (NEW."cancel_reason", NEW."cancelled_at", NEW."country", NEW."created_at", NEW."created_by", NEW."currency", NEW."customer_id", NEW."discount_minor", NEW."fulfilment_status", NEW."id", NEW."idempotency_key", NEW."note", NEW."number", NEW."paid_minor", NEW."payment_method", NEW."payment_status", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'updated\', NEW."id", NEW."placed_at", NEW."prices_include_tax", NEW."refunded_minor", NEW."source", NEW."status", NEW."tax_minor", NEW."tenant_id", NEW."total_minor", NEW."updated_at", NEW."updated_by", NEW."version"); RETURN NULL;',
                    hash="8c47f76991dcea7db855b055d83e77d3328113e9",
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
                    func='INSERT INTO "orders_orderhistory" ("cancel_reason", "cancelled_at", "country", "created_at", "created_by", "currency", "customer_id", "discount_minor", "fulfilment_status", "id", "idempotency_key", "note", "number", "paid_minor", "payment_method", "payment_status", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "placed_at", "prices_include_tax", "refunded_minor", "source", "status", "tax_minor", "tenant_id", "total_minor", "updated_at", "updated_by", "version") VALUES (OLD."cancel_reason", OLD."cancelled_at", OLD."country", OLD."created_at", OLD."created_by", OLD."currency", OLD."customer_id", OLD."discount_minor", OLD."fulfilment_status", OLD."id", OLD."idempotency_key", OLD."note", OLD."number", OLD."paid_minor", OLD."payment_method", OLD."payment_status", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'deleted\', OLD."id", OLD."placed_at", OLD."prices_include_tax", OLD."refunded_minor", OLD."source", OLD."status", OLD."tax_minor", OLD."tenant_id", OLD."total_minor", OLD."updated_at", OLD."updated_by", OLD."version"); RETURN NULL;',
                    hash="a9fe0469919df5e81908321435c42b1ab8259727",
                    operation="DELETE",
                    pgid="pgtrigger_deleted_delete_4af15",
                    table="orders_order",
                    when="AFTER",
                ),
            ),
        ),
    ]
