import django.utils.timezone
from django.db import migrations, models

import apps.core.db.ids
import apps.core.tenancy.context
from apps.core.tenancy.isolation import TenantIsolation


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="IdempotencyKey",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.db.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("tenant_id", models.UUIDField(default=apps.core.tenancy.context.require_tenant_id, editable=False)),
                ("subject", models.UUIDField(help_text="Who sent it: a key is its sender's own.")),
                ("operation", models.CharField(help_text="Method and route.", max_length=200)),
                ("key", models.CharField(max_length=200)),
                (
                    "request_hash",
                    models.CharField(help_text="SHA-256 of the path, the query and the body's meaning.", max_length=64),
                ),
                ("status", models.PositiveSmallIntegerField(null=True)),
                (
                    "body",
                    models.TextField(blank=True, default="", help_text='{"data": …, "meta": …, "headers": …} as JSON.'),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "db_table": "idempotency_key",
                "indexes": [models.Index(fields=["tenant_id", "created_at"], name="idempotency_key_age")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant_id", "subject", "operation", "key"), name="idempotency_key_once_per_sender"
                    )
                ],
            },
        ),
        TenantIsolation("IdempotencyKey"),
    ]
