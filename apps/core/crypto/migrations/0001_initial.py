from __future__ import annotations

from django.db import migrations, models

from apps.core.tenancy.isolation import OwnRows, TenantIsolation


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="DataKey",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "tenant_id",
                        "subject_id",
                        "version",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("tenant_id", models.UUIDField()),
                (
                    "subject_id",
                    models.UUIDField(help_text="Whose data it opens; the tenant's own id: of nobody in particular."),
                ),
                ("version", models.SmallIntegerField()),
                ("wrapped", models.BinaryField(help_text="Empty once it was destroyed.")),
                ("wrapped_by", models.CharField(help_text="Name of the key-encryption key.", max_length=16)),
                ("created_at", models.DateTimeField()),
                ("destroyed_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "crypto_data_key",
                "indexes": [
                    models.Index(fields=["subject_id"], name="data_key_of_subject"),
                    models.Index(fields=["tenant_id", "wrapped_by"], name="data_key_by_wrapping"),
                ],
            },
        ),
        TenantIsolation("DataKey"),
        OwnRows("DataKey", "subject_id"),
    ]
