"""What each customer bought and brought back, as a read model."""

from django.db import migrations, models

import apps.core.tenancy.context
from apps.core.tenancy.isolation import TenantIsolation


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0010_imported_documents"),
    ]

    operations = [
        migrations.CreateModel(
            name="PurchaseHistory",
            fields=[
                ("tenant_id", models.UUIDField(default=apps.core.tenancy.context.require_tenant_id, editable=False)),
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("customer_id", models.UUIDField()),
                ("currency", models.CharField(max_length=3)),
                ("order_count", models.BigIntegerField(default=0)),
                ("spent_minor", models.BigIntegerField(default=0)),
                ("returned_minor", models.BigIntegerField(default=0)),
                ("first_ordered_at", models.DateTimeField(null=True)),
                ("last_ordered_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant_id", "customer_id", "currency"), name="orders_history_of_customer"
                    )
                ],
            },
        ),
        TenantIsolation("PurchaseHistory"),
    ]
