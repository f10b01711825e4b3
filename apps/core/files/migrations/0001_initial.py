import django.db.models.deletion
import django.db.models.manager
import django.utils.timezone
import pghistory.utils
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

import apps.core.db.ids
import apps.core.tenancy.context
from apps.core.tenancy.isolation import TenantIsolation


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="StoredFile",
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
                ("purpose", models.CharField(max_length=64)),
                ("name", models.CharField(help_text="As its sender called it.", max_length=200)),
                ("content_type", models.CharField(help_text="Read from its content.", max_length=64)),
                ("size_bytes", models.BigIntegerField()),
                ("sha256", models.CharField(max_length=64)),
                ("width", models.PositiveIntegerField(default=0, help_text="Of an image, in pixels.")),
                ("height", models.PositiveIntegerField(default=0)),
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
            name="StoredFileHistory",
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
                ("purpose", models.CharField(max_length=64)),
                ("name", models.CharField(help_text="As its sender called it.", max_length=200)),
                ("content_type", models.CharField(help_text="Read from its content.", max_length=64)),
                ("size_bytes", models.BigIntegerField()),
                ("sha256", models.CharField(max_length=64)),
                ("width", models.PositiveIntegerField(default=0, help_text="Of an image, in pixels.")),
                ("height", models.PositiveIntegerField(default=0)),
            ],
            options={
                "abstract": False,
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="storedfile",
            trigger=pgtrigger.compiler.Trigger(
                name="created_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "files_storedfilehistory" ("content_type", "created_at", "created_by", "height", "id", "name", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "purpose", "sha256", "size_bytes", "tenant_id", "updated_at", "updated_by", "version", "width") VALUES (NEW."content_type", NEW."created_at", NEW."created_by", NEW."height", NEW."id", NEW."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'created\', NEW."id", NEW."purpose", NEW."sha256", NEW."size_bytes", NEW."tenant_id", NEW."updated_at", NEW."updated_by", NEW."version", NEW."width"); RETURN NULL;',
                    hash="90e0f2ba5ace02ef2421165cd75c10ddb78e462e",
                    operation="INSERT",
                    pgid="pgtrigger_created_insert_a0dab",
                    table="files_storedfile",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="storedfile",
            trigger=pgtrigger.compiler.Trigger(
                name="updated_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "files_storedfilehistory" ("content_type", "created_at", "created_by", "height", "id", "name", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "purpose", "sha256", "size_bytes", "tenant_id", "updated_at", "updated_by", "version", "width") VALUES (NEW."content_type", NEW."created_at", NEW."created_by", NEW."height", NEW."id", NEW."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'updated\', NEW."id", NEW."purpose", NEW."sha256", NEW."size_bytes", NEW."tenant_id", NEW."updated_at", NEW."updated_by", NEW."version", NEW."width"); RETURN NULL;',
                    hash="af3fd7932e8c16babf9497de25a1bfd06db26f84",
                    operation="UPDATE",
                    pgid="pgtrigger_updated_update_f2ed7",
                    table="files_storedfile",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="storedfile",
            trigger=pgtrigger.compiler.Trigger(
                name="deleted_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "files_storedfilehistory" ("content_type", "created_at", "created_by", "height", "id", "name", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "purpose", "sha256", "size_bytes", "tenant_id", "updated_at", "updated_by", "version", "width") VALUES (OLD."content_type", OLD."created_at", OLD."created_by", OLD."height", OLD."id", OLD."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'deleted\', OLD."id", OLD."purpose", OLD."sha256", OLD."size_bytes", OLD."tenant_id", OLD."updated_at", OLD."updated_by", OLD."version", OLD."width"); RETURN NULL;',
                    hash="e7a38db8c000c30dca77b5444691335dc7b30a53",
                    operation="DELETE",
                    pgid="pgtrigger_deleted_delete_e9306",
                    table="files_storedfile",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddField(
            model_name="storedfilehistory",
            name="pgh_obj",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="history",
                to="files.storedfile",
            ),
        ),
        migrations.AddIndex(
            model_name="storedfilehistory",
            index=models.Index(fields=["pgh_obj", "-pgh_id"], name="files_store_pgh_obj_1497ab_idx"),
        ),
        migrations.AddIndex(
            model_name="storedfilehistory",
            index=models.Index(
                fields=["tenant_id", "-pgh_created_at", "-pgh_id"], name="files_store_tenant__ad1027_idx"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="storedfilehistory",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="091915acf2d627a87fd0b91456be11797c36d458",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_895ea",
                    table="files_storedfilehistory",
                    when="BEFORE",
                ),
            ),
        ),
        TenantIsolation("StoredFile"),
        TenantIsolation("StoredFileHistory"),
    ]
