import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("users", "0001_initial"),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="user",
            name="created_insert",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="user",
            name="updated_update",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="user",
            name="deleted_delete",
        ),
        migrations.AddField(
            model_name="user",
            name="email_verified_at",
            field=models.DateTimeField(
                blank=True,
                help_text="When somebody with access to the mailbox confirmed the present address.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="locale",
            field=models.CharField(default="en-GB", help_text="A language tag (BCP 47).", max_length=35),
        ),
        migrations.AddField(
            model_name="user",
            name="sign_in_alerts",
            field=models.BooleanField(default=True, help_text="A mail when a new device signs in."),
        ),
        migrations.AddField(
            model_name="user",
            name="time_zone",
            field=models.CharField(
                default="UTC", help_text="Of the IANA database, such as Europe/Oslo.", max_length=64
            ),
        ),
        migrations.AddField(
            model_name="userhistory",
            name="email_verified_at",
            field=models.DateTimeField(
                blank=True,
                help_text="When somebody with access to the mailbox confirmed the present address.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="userhistory",
            name="locale",
            field=models.CharField(default="en-GB", help_text="A language tag (BCP 47).", max_length=35),
        ),
        migrations.AddField(
            model_name="userhistory",
            name="sign_in_alerts",
            field=models.BooleanField(default=True, help_text="A mail when a new device signs in."),
        ),
        migrations.AddField(
            model_name="userhistory",
            name="time_zone",
            field=models.CharField(
                default="UTC", help_text="Of the IANA database, such as Europe/Oslo.", max_length=64
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="user",
            trigger=pgtrigger.compiler.Trigger(
                name="created_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "users_userhistory" ("created_at", "created_by", "deleted_at", "deleted_by", "deletion_id", "email", "email_key", "email_verified_at", "id", "is_active", "is_platform_staff", "locale", "name", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "sign_in_alerts", "time_zone") VALUES (NEW."created_at", NEW."created_by", NEW."deleted_at", NEW."deleted_by", NEW."deletion_id", NEW."email", NEW."email_key", NEW."email_verified_at", NEW."id", NEW."is_active", NEW."is_platform_staff", NEW."locale", NEW."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'created\', NEW."id", NEW."sign_in_alerts", NEW."time_zone"); RETURN NULL;',
                    hash="3e172c78352c646bbe86c6a10030e7315e0ee822",
                    operation="INSERT",
                    pgid="pgtrigger_created_insert_3dfc8",
                    table="users_user",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="user",
            trigger=pgtrigger.compiler.Trigger(
                name="updated_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."created_by" IS DISTINCT FROM (NEW."created_by") OR OLD."deleted_at" IS DISTINCT FROM (NEW."deleted_at") OR OLD."deleted_by" IS DISTINCT FROM (NEW."deleted_by") OR OLD."deletion_id" IS DISTINCT FROM (NEW."deletion_id") OR OLD."email" IS DISTINCT FROM (NEW."email") OR OLD."email_key" IS DISTINCT FROM (NEW."email_key") OR OLD."email_verified_at" IS DISTINCT FROM (NEW."email_verified_at") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."is_active" IS DISTINCT FROM (NEW."is_active") OR OLD."is_platform_staff" IS DISTINCT FROM (NEW."is_platform_staff") OR OLD."locale" IS DISTINCT FROM (NEW."locale") OR OLD."name" IS DISTINCT FROM (NEW."name") OR OLD."sign_in_alerts" IS DISTINCT FROM (NEW."sign_in_alerts") OR OLD."time_zone" IS DISTINCT FROM (NEW."time_zone"))',
                    func='INSERT INTO "users_userhistory" ("created_at", "created_by", "deleted_at", "deleted_by", "deletion_id", "email", "email_key", "email_verified_at", "id", "is_active", "is_platform_staff", "locale", "name", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "sign_in_alerts", "time_zone") VALUES (NEW."created_at", NEW."created_by", NEW."deleted_at", NEW."deleted_by", NEW."deletion_id", NEW."email", NEW."email_key", NEW."email_verified_at", NEW."id", NEW."is_active", NEW."is_platform_staff", NEW."locale", NEW."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'updated\', NEW."id", NEW."sign_in_alerts", NEW."time_zone"); RETURN NULL;',
                    hash="63cc5faafaf7a67413557f15d3532375e6c51675",
                    operation="UPDATE",
                    pgid="pgtrigger_updated_update_23206",
                    table="users_user",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="user",
            trigger=pgtrigger.compiler.Trigger(
                name="deleted_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "users_userhistory" ("created_at", "created_by", "deleted_at", "deleted_by", "deletion_id", "email", "email_key", "email_verified_at", "id", "is_active", "is_platform_staff", "locale", "name", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "sign_in_alerts", "time_zone") VALUES (OLD."created_at", OLD."created_by", OLD."deleted_at", OLD."deleted_by", OLD."deletion_id", OLD."email", OLD."email_key", OLD."email_verified_at", OLD."id", OLD."is_active", OLD."is_platform_staff", OLD."locale", OLD."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'deleted\', OLD."id", OLD."sign_in_alerts", OLD."time_zone"); RETURN NULL;',
                    hash="214a34ce6ef059acb3a35474cb3d58194dbc06bb",
                    operation="DELETE",
                    pgid="pgtrigger_deleted_delete_cf1ed",
                    table="users_user",
                    when="AFTER",
                ),
            ),
        ),
    ]
