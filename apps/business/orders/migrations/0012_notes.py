"""Notes about orders, with files."""

import django.db.models.deletion
import django.db.models.manager
import django.utils.timezone
import pghistory.utils
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

import apps.core.db.fields
import apps.core.db.ids
import apps.core.tenancy.context
from apps.core.tenancy.isolation import TenantIsolation, TenantReference


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0011_customer_history"),
    ]

    operations = [
        migrations.CreateModel(
            name="OrderNote",
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
                ("text", models.CharField(blank=True, default="", max_length=2000)),
                ("author_name", models.CharField(blank=True, default="", max_length=200)),
                (
                    "order",
                    apps.core.db.fields.TenantForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notes",
                        to="orders.order",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "with_deleted",
            },
            managers=[
                ("objects", django.db.models.manager.Manager()),
                ("with_deleted", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="OrderAttachment",
            fields=[
                ("tenant_id", models.UUIDField(default=apps.core.tenancy.context.require_tenant_id, editable=False)),
                (
                    "id",
                    models.UUIDField(default=apps.core.db.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("file_id", models.UUIDField()),
                ("ordinal", models.PositiveIntegerField(help_text="Its place in the note, from 1.")),
                (
                    "note",
                    apps.core.db.fields.TenantForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="attachments",
                        to="orders.ordernote",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="OrderNoteHistory",
            fields=[
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_id", models.BigAutoField(primary_key=True, serialize=False)),
                ("pgh_context", pghistory.utils.JSONField(null=True)),
                ("pgh_context_id", models.UUIDField(null=True)),
                ("id", models.UUIDField(default=apps.core.db.ids.uuid7, editable=False, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("created_by", models.UUIDField(editable=False, null=True)),
                ("updated_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("updated_by", models.UUIDField(editable=False, null=True)),
                (
                    "version",
                    models.PositiveIntegerField(default=1, editable=False, help_text="Counts the saves; the ETag."),
                ),
                ("tenant_id", models.UUIDField(default=apps.core.tenancy.context.require_tenant_id, editable=False)),
                ("text", models.CharField(blank=True, default="", max_length=2000)),
                ("author_name", models.CharField(blank=True, default="", max_length=200)),
                (
                    "order",
                    apps.core.db.fields.TenantForeignKey(
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="orders.order",
                    ),
                ),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="history",
                        to="orders.ordernote",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.AddIndex(
            model_name="ordernote",
            index=models.Index(fields=["tenant_id", "order", "id"], name="orders_notes_of_order"),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="ordernote",
            trigger=pgtrigger.compiler.Trigger(
                name="created_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "orders_ordernotehistory" ("author_name", "created_at", "created_by", "id", "order_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "tenant_id", "text", "updated_at", "updated_by", "version") VALUES (NEW."author_name", NEW."created_at", NEW."created_by", NEW."id", NEW."order_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'created\', NEW."id", NEW."tenant_id", NEW."text", NEW."updated_at", NEW."updated_by", NEW."version"); RETURN NULL;',
                    hash="2d28c4092d141888e7180a7f45d0da606ac0f80a",
                    operation="INSERT",
                    pgid="pgtrigger_created_insert_05f14",
                    table="orders_ordernote",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="ordernote",
            trigger=pgtrigger.compiler.Trigger(
                name="updated_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "orders_ordernotehistory" ("author_name", "created_at", "created_by", "id", "order_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "tenant_id", "text", "updated_at", "updated_by", "version") VALUES (NEW."author_name", NEW."created_at", NEW."created_by", NEW."id", NEW."order_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'updated\', NEW."id", NEW."tenant_id", NEW."text", NEW."updated_at", NEW."updated_by", NEW."version"); RETURN NULL;',
                    hash="dcd2449e16a5aff7c3afecf23c9d37fd8d7d9f83",
                    operation="UPDATE",
                    pgid="pgtrigger_updated_update_048f3",
                    table="orders_ordernote",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="ordernote",
            trigger=pgtrigger.compiler.Trigger(
                name="deleted_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "orders_ordernotehistory" ("author_name", "created_at", "created_by", "id", "order_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "tenant_id", "text", "updated_at", "updated_by", "version") VALUES (OLD."author_name", OLD."created_at", OLD."created_by", OLD."id", OLD."order_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'deleted\', OLD."id", OLD."tenant_id", OLD."text", OLD."updated_at", OLD."updated_by", OLD."version"); RETURN NULL;',
                    hash="50da36ef4ca46b97d60070abb5d364a4ec7e8211",
                    operation="DELETE",
                    pgid="pgtrigger_deleted_delete_95b20",
                    table="orders_ordernote",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="orderattachment",
            constraint=models.UniqueConstraint(
                fields=("tenant_id", "note", "ordinal"), name="orders_attachment_ordinal"
            ),
        ),
        migrations.AddIndex(
            model_name="ordernotehistory",
            index=models.Index(fields=["pgh_obj", "-pgh_id"], name="orders_orde_pgh_obj_59373f_idx"),
        ),
        migrations.AddIndex(
            model_name="ordernotehistory",
            index=models.Index(
                fields=["tenant_id", "-pgh_created_at", "-pgh_id"], name="orders_orde_tenant__2350a9_idx"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="ordernotehistory",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="db577363d0fb8c6225aca181e2b7967bd9b959c7",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_8dadc",
                    table="orders_ordernotehistory",
                    when="BEFORE",
                ),
            ),
        ),
        TenantIsolation("OrderNote"),
        TenantIsolation("OrderNoteHistory"),
        TenantIsolation("OrderAttachment"),
        TenantReference("OrderNote", "order"),
        TenantReference("OrderAttachment", "note"),
    ]
