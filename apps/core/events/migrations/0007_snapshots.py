"""What the first events of an aggregate come to, so that a long stream need not be read from its beginning."""

from __future__ import annotations

from django.db import migrations, models

from apps.core.tenancy.isolation import TenantIsolation


class Migration(migrations.Migration):
    dependencies = [("events", "0006_seal_what_failures_said")]

    operations = [
        migrations.CreateModel(
            name="Snapshot",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "tenant_id", "id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("id", models.UUIDField()),
                ("tenant_id", models.UUIDField()),
                ("aggregate_id", models.UUIDField()),
                ("code", models.TextField()),
                ("sequence", models.IntegerField(help_text="Of the last event in it.")),
                ("recorded_at", models.DateTimeField(help_text="When that was recorded.")),
                ("state", models.JSONField()),
                ("made_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=["tenant_id", "aggregate_id", "code", "sequence"], name="events_snapshot_once"
                    ),
                ],
            },
        ),
        TenantIsolation("Snapshot"),
    ]
