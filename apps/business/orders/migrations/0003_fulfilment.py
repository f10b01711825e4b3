"""What has become of an order's money and goods."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0001_initial"),
        ("orders", "0002_reviews"),
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
            name="fulfilment_status",
            field=models.CharField(
                choices=[
                    ("unfulfilled", "Unfulfilled"),
                    ("partly_shipped", "Partly Shipped"),
                    ("shipped", "Shipped"),
                    ("delivered", "Delivered"),
                ],
                db_default="unfulfilled",
                default="unfulfilled",
                max_length=16,
            ),
        ),
        migrations.AddField(
            model_name="order",
            name="paid_minor",
            field=models.BigIntegerField(db_default=0, default=0, help_text="What came in."),
        ),
        migrations.AddField(
            model_name="order",
            name="payment_status",
            field=models.CharField(
                choices=[
                    ("unpaid", "Unpaid"),
                    ("authorised", "Authorised"),
                    ("paid", "Paid"),
                    ("partly_refunded", "Partly Refunded"),
                    ("refunded", "Refunded"),
                ],
                db_default="unpaid",
                default="unpaid",
                max_length=16,
            ),
        ),
        migrations.AddField(
            model_name="order",
            name="refunded_minor",
            field=models.BigIntegerField(db_default=0, default=0, help_text="What of that went back."),
        ),
        migrations.AddField(
            model_name="orderhistory",
            name="fulfilment_status",
            field=models.CharField(
                choices=[
                    ("unfulfilled", "Unfulfilled"),
                    ("partly_shipped", "Partly Shipped"),
                    ("shipped", "Shipped"),
                    ("delivered", "Delivered"),
                ],
                db_default="unfulfilled",
                default="unfulfilled",
                max_length=16,
            ),
        ),
        migrations.AddField(
            model_name="orderhistory",
            name="paid_minor",
            field=models.BigIntegerField(db_default=0, default=0, help_text="What came in."),
        ),
        migrations.AddField(
            model_name="orderhistory",
            name="payment_status",
            field=models.CharField(
                choices=[
                    ("unpaid", "Unpaid"),
                    ("authorised", "Authorised"),
                    ("paid", "Paid"),
                    ("partly_refunded", "Partly Refunded"),
                    ("refunded", "Refunded"),
                ],
                db_default="unpaid",
                default="unpaid",
                max_length=16,
            ),
        ),
        migrations.AddField(
            model_name="orderhistory",
            name="refunded_minor",
            field=models.BigIntegerField(db_default=0, default=0, help_text="What of that went back."),
        ),
        migrations.AddField(
            model_name="orderline",
            name="shipped_quantity",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="ordersummary",
            name="fulfilment_status",
            field=models.CharField(
                choices=[
                    ("unfulfilled", "Unfulfilled"),
                    ("partly_shipped", "Partly Shipped"),
                    ("shipped", "Shipped"),
                    ("delivered", "Delivered"),
                ],
                db_default="unfulfilled",
                default="unfulfilled",
                max_length=16,
            ),
        ),
        migrations.AddField(
            model_name="ordersummary",
            name="payment_status",
            field=models.CharField(
                choices=[
                    ("unpaid", "Unpaid"),
                    ("authorised", "Authorised"),
                    ("paid", "Paid"),
                    ("partly_refunded", "Partly Refunded"),
                    ("refunded", "Refunded"),
                ],
                db_default="unpaid",
                default="unpaid",
                max_length=16,
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="order",
            trigger=pgtrigger.compiler.Trigger(
                name="created_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "orders_orderhistory" ("cancel_reason", "cancelled_at", "country", "created_at", "created_by", "currency", "customer_id", "fulfilment_status", "id", "idempotency_key", "note", "number", "paid_minor", "payment_status", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "placed_at", "refunded_minor", "source", "status", "tenant_id", "total_minor", "updated_at", "updated_by", "version") VALUES (NEW."cancel_reason", NEW."cancelled_at", NEW."country", NEW."created_at", NEW."created_by", NEW."currency", NEW."customer_id", NEW."fulfilment_status", NEW."id", NEW."idempotency_key", NEW."note", NEW."number", NEW."paid_minor", NEW."payment_status", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'created\', NEW."id", NEW."placed_at", NEW."refunded_minor", NEW."source", NEW."status", NEW."tenant_id", NEW."total_minor", NEW."updated_at", NEW."updated_by", NEW."version"); RETURN NULL;',
                    hash="b56cb2a49ada5158b08ba384915b4b3394a2a17e",
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
                    func='INSERT INTO "orders_orderhistory" ("cancel_reason", "cancelled_at", "country", "created_at", "created_by", "currency", "customer_id", "fulfilment_status", "id", "idempotency_key", "note", "number", "paid_minor", "payment_status", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "placed_at", "refunded_minor", "source", "status", "tenant_id", "total_minor", "updated_at", "updated_by", "version") VALUES (NEW."cancel_reason", NEW."cancelled_at", NEW."country", NEW."created_at", NEW."created_by", NEW."currency", NEW."customer_id", NEW."fulfilment_status", NEW."id", NEW."idempotency_key", NEW."note", NEW."number", NEW."paid_minor", NEW."payment_status", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'updated\', NEW."id", NEW."placed_at", NEW."refunded_minor", NEW."source", NEW."status", NEW."tenant_id", NEW."total_minor", NEW."updated_at", NEW."updated_by", NEW."version"); RETURN NULL;',
                    hash="cb1cd022a9250a8597a8586fa109c5f6d1a7cfce",
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
                    func='INSERT INTO "orders_orderhistory" ("cancel_reason", "cancelled_at", "country", "created_at", "created_by", "currency", "customer_id", "fulfilment_status", "id", "idempotency_key", "note", "number", "paid_minor", "payment_status", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "placed_at", "refunded_minor", "source", "status", "tenant_id", "total_minor", "updated_at", "updated_by", "version") VALUES (OLD."cancel_reason", OLD."cancelled_at", OLD."country", OLD."created_at", OLD."created_by", OLD."currency", OLD."customer_id", OLD."fulfilment_status", OLD."id", OLD."idempotency_key", OLD."note", OLD."number", OLD."paid_minor", OLD."payment_status", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'deleted\', OLD."id", OLD."placed_at", OLD."refunded_minor", OLD."source", OLD."status", OLD."tenant_id", OLD."total_minor", OLD."updated_at", OLD."updated_by", OLD."version"); RETURN NULL;',
                    hash="6ee442c0433d3976fdc047ab0c9925dde54d2ca0",
                    operation="DELETE",
                    pgid="pgtrigger_deleted_delete_4af15",
                    table="orders_order",
                    when="AFTER",
                ),
            ),
        ),
        AddConstraintNotValid(
            model_name="orderline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("shipped_quantity", 0),
                    models.Q(
                        ("kind", "product"),
                        ("shipped_quantity__gt", 0),
                        ("shipped_quantity__lte", models.F("quantity")),
                    ),
                    _connector="OR",
                ),
                name="orders_shipped_within_bought",
            ),
        ),
    ]
