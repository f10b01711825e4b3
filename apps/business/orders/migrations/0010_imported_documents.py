"""Which orders and returns an imported invoice became."""

from django.db import migrations, models

import apps.core.db.ids
import apps.core.tenancy.context
from apps.core.tenancy.isolation import TenantIsolation


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0009_seal_columns"),
    ]

    operations = [
        migrations.CreateModel(
            name="ImportedDocument",
            fields=[
                ("tenant_id", models.UUIDField(default=apps.core.tenancy.context.require_tenant_id, editable=False)),
                (
                    "id",
                    models.UUIDField(default=apps.core.db.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("invoice_no", models.CharField(max_length=32)),
                ("kind", models.CharField(choices=[("order", "Order"), ("return", "Return")], max_length=16)),
                ("document_id", models.UUIDField()),
            ],
            options={
                "indexes": [models.Index(fields=["tenant_id", "invoice_no"], name="orders_documents_of_invoice")],
                "constraints": [
                    models.UniqueConstraint(fields=("tenant_id", "document_id"), name="orders_imported_document")
                ],
            },
        ),
        TenantIsolation("ImportedDocument"),
    ]
