import django.db.models.deletion
import django.db.models.manager
import django.utils.timezone
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
            name="StockLevel",
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
                ("on_hand", models.BigIntegerField(default=0)),
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
                "constraints": [
                    models.UniqueConstraint(fields=("tenant_id", "product"), name="inventory_one_level_per_product"),
                    models.CheckConstraint(condition=models.Q(("on_hand__gte", 0)), name="inventory_never_below_zero"),
                ],
            },
            managers=[
                ("objects", django.db.models.manager.Manager()),
                ("with_deleted", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="StockMovement",
            fields=[
                ("tenant_id", models.UUIDField(default=apps.core.tenancy.context.require_tenant_id, editable=False)),
                (
                    "id",
                    models.UUIDField(default=apps.core.db.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("receipt", "Receipt"),
                            ("sale", "Sale"),
                            ("return", "Return"),
                            ("adjustment", "Adjustment"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "quantity",
                    models.BigIntegerField(help_text="What was added to the stock; below zero when it was taken."),
                ),
                ("balance", models.BigIntegerField()),
                ("reason", models.CharField(blank=True, default="", max_length=200)),
                (
                    "order_id",
                    models.UUIDField(blank=True, help_text="The order that took it or gave it back.", null=True),
                ),
                ("occurred_at", models.DateTimeField(help_text="When it happened in the warehouse.")),
                ("recorded_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("actor_id", models.UUIDField(null=True)),
                ("actor_name", models.CharField(blank=True, default="", max_length=200)),
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
                "indexes": [models.Index(fields=["tenant_id", "product", "-id"], name="inventory_ledger_of_product")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("quantity", 0), _negated=True), name="inventory_movement_moves"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("balance__gte", 0)), name="inventory_balance_not_below_zero"
                    ),
                ],
            },
        ),
        TenantIsolation("StockLevel"),
        TenantIsolation("StockMovement"),
        TenantReference("StockLevel", "product"),
        TenantReference("StockMovement", "product"),
    ]
