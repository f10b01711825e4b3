"""What lies where and what moved on which day, as read models; and which movements were announced to them."""

import django.db.models.deletion
from django.db import migrations, models

import apps.core.db.fields
import apps.core.tenancy.context
from apps.core.tenancy.isolation import TenantIsolation, TenantReference


def reference(to: str) -> apps.core.db.fields.TenantForeignKey:
    return apps.core.db.fields.TenantForeignKey(
        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=to
    )


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0004_deleted_categories_and_arranged_media"),
        ("inventory", "0004_stock_fills_warehouses"),
    ]

    operations = [
        migrations.AddField(
            model_name="stockmovement",
            name="announced",
            field=models.BooleanField(
                db_default=False,
                default=False,
                editable=False,
                help_text="`StockChanged` told of it; versions before did not.",
            ),
        ),
        migrations.CreateModel(
            name="StockSummary",
            fields=[
                ("tenant_id", models.UUIDField(default=apps.core.tenancy.context.require_tenant_id, editable=False)),
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("product", reference("catalog.product")),
                ("warehouse", reference("inventory.warehouse")),
                ("on_hand", models.BigIntegerField()),
                ("reserved", models.BigIntegerField()),
                ("level_version", models.BigIntegerField(help_text="Of the level when it was so.")),
                ("last_moved_at", models.DateTimeField(help_text="When something came or left last.", null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("tenant_id", "product", "warehouse"), name="inventory_one_summary")
                ],
                "indexes": [models.Index(fields=["tenant_id", "last_moved_at", "id"], name="inventory_summary_idle")],
            },
        ),
        migrations.CreateModel(
            name="StockDay",
            fields=[
                ("tenant_id", models.UUIDField(default=apps.core.tenancy.context.require_tenant_id, editable=False)),
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("product", reference("catalog.product")),
                ("warehouse", reference("inventory.warehouse")),
                ("day", models.DateField()),
                ("moved_in", models.BigIntegerField()),
                ("moved_out", models.BigIntegerField()),
                ("sold", models.BigIntegerField(help_text="How many of those that left were sold.")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant_id", "product", "warehouse", "day"), name="inventory_one_day"
                    )
                ],
                "indexes": [models.Index(fields=["tenant_id", "-day", "-id"], name="inventory_days")],
            },
        ),
        TenantIsolation("StockSummary"),
        TenantIsolation("StockDay"),
        TenantReference("StockSummary", "product"),
        TenantReference("StockSummary", "warehouse"),
        TenantReference("StockDay", "product"),
        TenantReference("StockDay", "warehouse"),
    ]
