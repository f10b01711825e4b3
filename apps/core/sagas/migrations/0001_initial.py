"""Sagas and their journal; the relay may see which are due or stuck, in every tenant."""

from __future__ import annotations

from typing import Any

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import apps.core.db.fields
import apps.core.db.ids
import apps.core.tenancy.context
from apps.core.db.roles import roles_of
from apps.core.tenancy.isolation import TenantIsolation, TenantReference


def let_relay_in(apps: Any, schema_editor: Any) -> None:
    role = roles_of(schema_editor.connection.alias).relay
    schema_editor.execute(f'create policy relay_reads on sagas_instance for select to "{role}" using (true)')


def keep_relay_out(apps: Any, schema_editor: Any) -> None:
    schema_editor.execute("drop policy relay_reads on sagas_instance")


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Instance",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.db.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("tenant_id", models.UUIDField(default=apps.core.tenancy.context.require_tenant_id, editable=False)),
                ("name", models.CharField(max_length=100)),
                ("definition_version", models.PositiveSmallIntegerField()),
                ("fingerprint", models.CharField(help_text="Of the definition that it began with.", max_length=16)),
                ("key", models.UUIDField(help_text="What it is about; a saga begins once for each.")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("running", "Running"),
                            ("waiting", "Waiting"),
                            ("compensating", "Compensating"),
                            ("needs_attention", "Needs Attention"),
                            ("completed", "Completed"),
                            ("compensated", "Compensated"),
                            ("resolved", "Resolved"),
                        ],
                        default="running",
                        max_length=16,
                    ),
                ),
                ("position", models.SmallIntegerField(default=0)),
                ("backwards", models.BooleanField(default=False)),
                (
                    "attempts",
                    models.PositiveSmallIntegerField(
                        default=0, help_text="At the present step, in the present direction."
                    ),
                ),
                (
                    "fence",
                    models.PositiveIntegerField(
                        default=0, help_text="Counts the attempts; only the latest may report."
                    ),
                ),
                (
                    "due_at",
                    models.DateTimeField(
                        help_text="When a runner is to take it next; empty when it is over.", null=True
                    ),
                ),
                ("deadline_at", models.DateTimeField(null=True)),
                ("context", models.JSONField()),
                ("answers", models.JSONField(default=dict, help_text="By step, what it waited for.")),
                ("failure_code", models.CharField(blank=True, default="", max_length=64)),
                (
                    "failure",
                    models.TextField(blank=True, default="", help_text="Why it turned back, or needs attention."),
                ),
                ("correlation_id", models.CharField(max_length=32)),
                ("traceparent", models.CharField(blank=True, default="", max_length=64)),
                ("started_at", models.DateTimeField()),
                ("started_by", models.UUIDField(null=True)),
                ("started_by_name", models.CharField(blank=True, default="", max_length=200)),
                ("updated_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("closed_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "sagas_instance",
                "indexes": [
                    models.Index(condition=models.Q(("due_at__isnull", False)), fields=["due_at"], name="sagas_due"),
                    models.Index(condition=models.Q(("closed_at__isnull", True)), fields=["state"], name="sagas_open"),
                    models.Index(fields=["tenant_id", "state", "-id"], name="sagas_by_state"),
                    models.Index(fields=["tenant_id", "-id"], name="sagas_newest"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("tenant_id", "name", "key"), name="sagas_one_for_each_key")
                ],
            },
        ),
        migrations.CreateModel(
            name="Entry",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.db.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("tenant_id", models.UUIDField(default=apps.core.tenancy.context.require_tenant_id, editable=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("begun", "Begun"),
                            ("done", "Done"),
                            ("undone", "Undone"),
                            ("retrying", "Retrying"),
                            ("failed", "Failed"),
                            ("waiting", "Waiting"),
                            ("answered", "Answered"),
                            ("turned_back", "Turned Back"),
                            ("needs_attention", "Needs Attention"),
                            ("retried", "Retried"),
                            ("skipped", "Skipped"),
                            ("resolved", "Resolved"),
                            ("cancelled", "Cancelled"),
                            ("completed", "Completed"),
                            ("compensated", "Compensated"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "step",
                    models.CharField(
                        blank=True, default="", help_text="Empty for the saga as a whole.", max_length=100
                    ),
                ),
                ("attempt", models.PositiveSmallIntegerField(default=0)),
                ("detail", models.TextField(blank=True, default="")),
                ("added", models.JSONField(default=dict, help_text="What the step added to the context.")),
                ("seconds", models.FloatField(null=True)),
                ("actor_id", models.UUIDField(null=True)),
                ("actor_name", models.CharField(blank=True, default="", max_length=200)),
                ("at", models.DateTimeField()),
                (
                    "instance",
                    apps.core.db.fields.TenantForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entries",
                        to="sagas.instance",
                    ),
                ),
            ],
            options={
                "db_table": "sagas_entry",
                "indexes": [models.Index(fields=["tenant_id", "instance", "id"], name="sagas_entries_of")],
            },
        ),
        TenantIsolation("Instance"),
        TenantIsolation("Entry"),
        TenantReference("Entry", "instance"),
        migrations.RunPython(let_relay_in, keep_relay_out),
    ]
