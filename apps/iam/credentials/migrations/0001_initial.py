import django.db.models.deletion
import django.db.models.manager
import django.utils.timezone
import pghistory.utils
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

import apps.core.db.ids
import apps.core.tenancy.context
from apps.core.tenancy.isolation import OwnRows, TenantIsolation


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="InvitationHistory",
            fields=[
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_id", models.BigAutoField(primary_key=True, serialize=False)),
                ("pgh_context", pghistory.utils.JSONField(null=True)),
                ("pgh_context_id", models.UUIDField(null=True)),
                ("id", models.UUIDField(default=apps.core.db.ids.uuid7, editable=False, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("created_by", models.UUIDField(editable=False, null=True)),
                ("tenant_id", models.UUIDField(default=apps.core.tenancy.context.require_tenant_id, editable=False)),
                ("user_id", models.UUIDField(help_text="A person, kept by `iam.users`.")),
                ("sent_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("accepted_at", models.DateTimeField(blank=True, null=True)),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                (
                    "by_link_only",
                    models.BooleanField(
                        default=True, help_text="False where a one-time password was given out as well."
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Invitation",
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
                ("user_id", models.UUIDField(help_text="A person, kept by `iam.users`.")),
                (
                    "token_hash",
                    models.CharField(editable=False, help_text="SHA-256 of the secret in the link.", max_length=64),
                ),
                ("sent_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("accepted_at", models.DateTimeField(blank=True, null=True)),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                (
                    "by_link_only",
                    models.BooleanField(
                        default=True, help_text="False where a one-time password was given out as well."
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "with_deleted",
                "indexes": [models.Index(fields=["user_id"], name="invitation_by_person")],
                "constraints": [
                    models.UniqueConstraint(fields=("tenant_id", "user_id"), name="invitation_of_person_unique")
                ],
            },
            managers=[
                ("objects", django.db.models.manager.Manager()),
                ("with_deleted", django.db.models.manager.Manager()),
            ],
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="invitation",
            trigger=pgtrigger.compiler.Trigger(
                name="created_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "credentials_invitationhistory" ("accepted_at", "by_link_only", "created_at", "created_by", "expires_at", "id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "revoked_at", "sent_at", "tenant_id", "user_id") VALUES (NEW."accepted_at", NEW."by_link_only", NEW."created_at", NEW."created_by", NEW."expires_at", NEW."id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'created\', NEW."id", NEW."revoked_at", NEW."sent_at", NEW."tenant_id", NEW."user_id"); RETURN NULL;',
                    hash="9cf65dab88ad1b7aac8eedb13c39094a61547069",
                    operation="INSERT",
                    pgid="pgtrigger_created_insert_87e00",
                    table="credentials_invitation",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="invitation",
            trigger=pgtrigger.compiler.Trigger(
                name="updated_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."accepted_at" IS DISTINCT FROM (NEW."accepted_at") OR OLD."by_link_only" IS DISTINCT FROM (NEW."by_link_only") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."created_by" IS DISTINCT FROM (NEW."created_by") OR OLD."expires_at" IS DISTINCT FROM (NEW."expires_at") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."revoked_at" IS DISTINCT FROM (NEW."revoked_at") OR OLD."sent_at" IS DISTINCT FROM (NEW."sent_at") OR OLD."tenant_id" IS DISTINCT FROM (NEW."tenant_id") OR OLD."user_id" IS DISTINCT FROM (NEW."user_id"))',
                    func='INSERT INTO "credentials_invitationhistory" ("accepted_at", "by_link_only", "created_at", "created_by", "expires_at", "id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "revoked_at", "sent_at", "tenant_id", "user_id") VALUES (NEW."accepted_at", NEW."by_link_only", NEW."created_at", NEW."created_by", NEW."expires_at", NEW."id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'updated\', NEW."id", NEW."revoked_at", NEW."sent_at", NEW."tenant_id", NEW."user_id"); RETURN NULL;',
                    hash="f8ef198a329521ed282f809f2254c4f1eec55b58",
                    operation="UPDATE",
                    pgid="pgtrigger_updated_update_87d3f",
                    table="credentials_invitation",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="invitation",
            trigger=pgtrigger.compiler.Trigger(
                name="deleted_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "credentials_invitationhistory" ("accepted_at", "by_link_only", "created_at", "created_by", "expires_at", "id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "revoked_at", "sent_at", "tenant_id", "user_id") VALUES (OLD."accepted_at", OLD."by_link_only", OLD."created_at", OLD."created_by", OLD."expires_at", OLD."id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'deleted\', OLD."id", OLD."revoked_at", OLD."sent_at", OLD."tenant_id", OLD."user_id"); RETURN NULL;',
                    hash="96c8aef53b7bd4ec41e2b29f7d0a9e363f186676",
                    operation="DELETE",
                    pgid="pgtrigger_deleted_delete_cca1a",
                    table="credentials_invitation",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddField(
            model_name="invitationhistory",
            name="pgh_obj",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="history",
                to="credentials.invitation",
            ),
        ),
        migrations.AddIndex(
            model_name="invitationhistory",
            index=models.Index(fields=["pgh_obj", "-pgh_id"], name="credentials_pgh_obj_cf1965_idx"),
        ),
        migrations.AddIndex(
            model_name="invitationhistory",
            index=models.Index(
                fields=["tenant_id", "-pgh_created_at", "-pgh_id"], name="credentials_tenant__79a747_idx"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="invitationhistory",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="ca09512a81ef0796b3d0f9541568e3ae95c5b297",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_d9595",
                    table="credentials_invitationhistory",
                    when="BEFORE",
                ),
            ),
        ),
        TenantIsolation("Invitation"),
        TenantIsolation("InvitationHistory"),
        OwnRows("Invitation", "user_id"),
    ]
