import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.manager
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("roles", "0001_initial")]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="role",
            name="created_insert",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="role",
            name="updated_update",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="role",
            name="deleted_delete",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="roleassignment",
            name="created_insert",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="roleassignment",
            name="updated_update",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="roleassignment",
            name="deleted_delete",
        ),
        migrations.AddField(
            model_name="role",
            name="deleted_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="role",
            name="deleted_by",
            field=models.UUIDField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="role",
            name="deletion_id",
            field=models.UUIDField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="role",
            name="description",
            field=models.CharField(blank=True, db_default="", default="", max_length=500),
        ),
        migrations.AddField(
            model_name="role",
            name="includes",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=63),
                blank=True,
                db_default=[],
                default=list,
                help_text="Codes of roles.",
                size=None,
            ),
        ),
        migrations.AddField(
            model_name="roleassignment",
            name="expires_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="roleassignment",
            name="resource_id",
            field=models.UUIDField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="roleassignment",
            name="resource_type",
            field=models.CharField(
                blank=True, db_default="", default="", help_text="Empty: it counts in the whole tenant.", max_length=32
            ),
        ),
        migrations.AddField(
            model_name="roleassignmenthistory",
            name="expires_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="roleassignmenthistory",
            name="resource_id",
            field=models.UUIDField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="roleassignmenthistory",
            name="resource_type",
            field=models.CharField(
                blank=True, db_default="", default="", help_text="Empty: it counts in the whole tenant.", max_length=32
            ),
        ),
        migrations.AddField(
            model_name="rolehistory",
            name="deleted_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="rolehistory",
            name="deleted_by",
            field=models.UUIDField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="rolehistory",
            name="deletion_id",
            field=models.UUIDField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="rolehistory",
            name="description",
            field=models.CharField(blank=True, db_default="", default="", max_length=500),
        ),
        migrations.AddField(
            model_name="rolehistory",
            name="includes",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=63),
                blank=True,
                db_default=[],
                default=list,
                help_text="Codes of roles.",
                size=None,
            ),
        ),
        migrations.AlterField(
            model_name="roleassignment",
            name="holder_kind",
            field=models.CharField(
                choices=[("user", "User"), ("service", "Service"), ("group", "Group")], default="user", max_length=16
            ),
        ),
        migrations.AlterField(
            model_name="roleassignmenthistory",
            name="holder_kind",
            field=models.CharField(
                choices=[("user", "User"), ("service", "Service"), ("group", "Group")], default="user", max_length=16
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="role",
            trigger=pgtrigger.compiler.Trigger(
                name="created_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "roles_rolehistory" ("code", "created_at", "created_by", "deleted_at", "deleted_by", "deletion_id", "description", "id", "includes", "name", "permissions", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "tenant_id") VALUES (NEW."code", NEW."created_at", NEW."created_by", NEW."deleted_at", NEW."deleted_by", NEW."deletion_id", NEW."description", NEW."id", NEW."includes", NEW."name", NEW."permissions", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'created\', NEW."id", NEW."tenant_id"); RETURN NULL;',
                    hash="8f48eb2f8ac336b434f8d949cd5e61378c857309",
                    operation="INSERT",
                    pgid="pgtrigger_created_insert_64d7d",
                    table="roles_role",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="role",
            trigger=pgtrigger.compiler.Trigger(
                name="updated_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."code" IS DISTINCT FROM (NEW."code") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."created_by" IS DISTINCT FROM (NEW."created_by") OR OLD."deleted_at" IS DISTINCT FROM (NEW."deleted_at") OR OLD."deleted_by" IS DISTINCT FROM (NEW."deleted_by") OR OLD."deletion_id" IS DISTINCT FROM (NEW."deletion_id") OR OLD."description" IS DISTINCT FROM (NEW."description") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."includes" IS DISTINCT FROM (NEW."includes") OR OLD."name" IS DISTINCT FROM (NEW."name") OR OLD."permissions" IS DISTINCT FROM (NEW."permissions") OR OLD."tenant_id" IS DISTINCT FROM (NEW."tenant_id"))',
                    func='INSERT INTO "roles_rolehistory" ("code", "created_at", "created_by", "deleted_at", "deleted_by", "deletion_id", "description", "id", "includes", "name", "permissions", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "tenant_id") VALUES (NEW."code", NEW."created_at", NEW."created_by", NEW."deleted_at", NEW."deleted_by", NEW."deletion_id", NEW."description", NEW."id", NEW."includes", NEW."name", NEW."permissions", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'updated\', NEW."id", NEW."tenant_id"); RETURN NULL;',
                    hash="c806b69062e8e999ae3f7097121b21f0fd8b30bc",
                    operation="UPDATE",
                    pgid="pgtrigger_updated_update_3f134",
                    table="roles_role",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="role",
            trigger=pgtrigger.compiler.Trigger(
                name="deleted_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "roles_rolehistory" ("code", "created_at", "created_by", "deleted_at", "deleted_by", "deletion_id", "description", "id", "includes", "name", "permissions", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "tenant_id") VALUES (OLD."code", OLD."created_at", OLD."created_by", OLD."deleted_at", OLD."deleted_by", OLD."deletion_id", OLD."description", OLD."id", OLD."includes", OLD."name", OLD."permissions", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'deleted\', OLD."id", OLD."tenant_id"); RETURN NULL;',
                    hash="93ca0988b2785fd891db5c6d1b833909e55ab2f4",
                    operation="DELETE",
                    pgid="pgtrigger_deleted_delete_44a62",
                    table="roles_role",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="roleassignment",
            trigger=pgtrigger.compiler.Trigger(
                name="created_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "roles_roleassignmenthistory" ("created_at", "created_by", "deleted_at", "deleted_by", "deletion_id", "expires_at", "holder_id", "holder_kind", "id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "resource_id", "resource_type", "role_code", "tenant_id") VALUES (NEW."created_at", NEW."created_by", NEW."deleted_at", NEW."deleted_by", NEW."deletion_id", NEW."expires_at", NEW."holder_id", NEW."holder_kind", NEW."id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'created\', NEW."id", NEW."resource_id", NEW."resource_type", NEW."role_code", NEW."tenant_id"); RETURN NULL;',
                    hash="0e364c0e77482bfb6f8c128c69c9d496a3ca2a0f",
                    operation="INSERT",
                    pgid="pgtrigger_created_insert_221b3",
                    table="roles_roleassignment",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="roleassignment",
            trigger=pgtrigger.compiler.Trigger(
                name="updated_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."created_by" IS DISTINCT FROM (NEW."created_by") OR OLD."deleted_at" IS DISTINCT FROM (NEW."deleted_at") OR OLD."deleted_by" IS DISTINCT FROM (NEW."deleted_by") OR OLD."deletion_id" IS DISTINCT FROM (NEW."deletion_id") OR OLD."expires_at" IS DISTINCT FROM (NEW."expires_at") OR OLD."holder_id" IS DISTINCT FROM (NEW."holder_id") OR OLD."holder_kind" IS DISTINCT FROM (NEW."holder_kind") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."resource_id" IS DISTINCT FROM (NEW."resource_id") OR OLD."resource_type" IS DISTINCT FROM (NEW."resource_type") OR OLD."role_code" IS DISTINCT FROM (NEW."role_code") OR OLD."tenant_id" IS DISTINCT FROM (NEW."tenant_id"))',
                    func='INSERT INTO "roles_roleassignmenthistory" ("created_at", "created_by", "deleted_at", "deleted_by", "deletion_id", "expires_at", "holder_id", "holder_kind", "id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "resource_id", "resource_type", "role_code", "tenant_id") VALUES (NEW."created_at", NEW."created_by", NEW."deleted_at", NEW."deleted_by", NEW."deletion_id", NEW."expires_at", NEW."holder_id", NEW."holder_kind", NEW."id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'updated\', NEW."id", NEW."resource_id", NEW."resource_type", NEW."role_code", NEW."tenant_id"); RETURN NULL;',
                    hash="5fb4ed3c591bf0257a089923f99c884a738d078b",
                    operation="UPDATE",
                    pgid="pgtrigger_updated_update_f3d20",
                    table="roles_roleassignment",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="roleassignment",
            trigger=pgtrigger.compiler.Trigger(
                name="deleted_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "roles_roleassignmenthistory" ("created_at", "created_by", "deleted_at", "deleted_by", "deletion_id", "expires_at", "holder_id", "holder_kind", "id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "resource_id", "resource_type", "role_code", "tenant_id") VALUES (OLD."created_at", OLD."created_by", OLD."deleted_at", OLD."deleted_by", OLD."deletion_id", OLD."expires_at", OLD."holder_id", OLD."holder_kind", OLD."id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'deleted\', OLD."id", OLD."resource_id", OLD."resource_type", OLD."role_code", OLD."tenant_id"); RETURN NULL;',
                    hash="e082929cfba92069bfd9cbb8cce02ddccdee870d",
                    operation="DELETE",
                    pgid="pgtrigger_deleted_delete_0241e",
                    table="roles_roleassignment",
                    when="AFTER",
                ),
            ),
        ),
    ]
