import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.manager
import django.utils.timezone
import pghistory.utils
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

import apps.core.db.ids
import apps.core.tenancy.context
from apps.core.tenancy import isolation


class Migration(migrations.Migration):
    squawk_ignore = ("adding-required-field",)  # to a history that the same migration makes

    dependencies = [("roles", "0002_inheritance_and_scope")]

    operations = [
        migrations.CreateModel(
            name="SeparationRule",
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
                ("deleted_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("deleted_by", models.UUIDField(editable=False, null=True)),
                ("deletion_id", models.UUIDField(editable=False, null=True)),
                ("tenant_id", models.UUIDField(default=apps.core.tenancy.context.require_tenant_id, editable=False)),
                ("name", models.CharField(max_length=100)),
                ("reason", models.CharField(blank=True, max_length=500)),
                ("first_role", models.CharField(max_length=63)),
                ("second_role", models.CharField(max_length=63)),
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
            name="SeparationRuleHistory",
            fields=[
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_id", models.BigAutoField(primary_key=True, serialize=False)),
                ("pgh_context", pghistory.utils.JSONField(null=True)),
                ("pgh_context_id", models.UUIDField(null=True)),
                ("id", models.UUIDField(default=apps.core.db.ids.uuid7, editable=False, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("created_by", models.UUIDField(editable=False, null=True)),
                ("deleted_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("deleted_by", models.UUIDField(editable=False, null=True)),
                ("deletion_id", models.UUIDField(editable=False, null=True)),
                ("tenant_id", models.UUIDField(default=apps.core.tenancy.context.require_tenant_id, editable=False)),
                ("name", models.CharField(max_length=100)),
                ("reason", models.CharField(blank=True, max_length=500)),
                ("first_role", models.CharField(max_length=63)),
                ("second_role", models.CharField(max_length=63)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.AddConstraint(
            model_name="separationrule",
            constraint=models.UniqueConstraint(
                condition=models.Q(("deleted_at__isnull", True)),
                fields=("tenant_id", "first_role", "second_role"),
                name="separation_rule_pair_unique",
            ),
        ),
        migrations.AddConstraint(
            model_name="separationrule",
            constraint=models.CheckConstraint(
                condition=models.Q(("first_role__lt", models.F("second_role"))), name="separation_rule_in_order"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="separationrule",
            trigger=pgtrigger.compiler.Trigger(
                name="created_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "roles_separationrulehistory" ("created_at", "created_by", "deleted_at", "deleted_by", "deletion_id", "first_role", "id", "name", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "second_role", "tenant_id") VALUES (NEW."created_at", NEW."created_by", NEW."deleted_at", NEW."deleted_by", NEW."deletion_id", NEW."first_role", NEW."id", NEW."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'created\', NEW."id", NEW."reason", NEW."second_role", NEW."tenant_id"); RETURN NULL;',
                    hash="42465b624752c16d1614cb401a90bb105ec8c2c2",
                    operation="INSERT",
                    pgid="pgtrigger_created_insert_6e321",
                    table="roles_separationrule",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="separationrule",
            trigger=pgtrigger.compiler.Trigger(
                name="updated_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."created_by" IS DISTINCT FROM (NEW."created_by") OR OLD."deleted_at" IS DISTINCT FROM (NEW."deleted_at") OR OLD."deleted_by" IS DISTINCT FROM (NEW."deleted_by") OR OLD."deletion_id" IS DISTINCT FROM (NEW."deletion_id") OR OLD."first_role" IS DISTINCT FROM (NEW."first_role") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."name" IS DISTINCT FROM (NEW."name") OR OLD."reason" IS DISTINCT FROM (NEW."reason") OR OLD."second_role" IS DISTINCT FROM (NEW."second_role") OR OLD."tenant_id" IS DISTINCT FROM (NEW."tenant_id"))',
                    func='INSERT INTO "roles_separationrulehistory" ("created_at", "created_by", "deleted_at", "deleted_by", "deletion_id", "first_role", "id", "name", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "second_role", "tenant_id") VALUES (NEW."created_at", NEW."created_by", NEW."deleted_at", NEW."deleted_by", NEW."deletion_id", NEW."first_role", NEW."id", NEW."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'updated\', NEW."id", NEW."reason", NEW."second_role", NEW."tenant_id"); RETURN NULL;',
                    hash="ffdbe39a96a3bf9dce99fb502df7ef48800511c5",
                    operation="UPDATE",
                    pgid="pgtrigger_updated_update_54b83",
                    table="roles_separationrule",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="separationrule",
            trigger=pgtrigger.compiler.Trigger(
                name="deleted_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "roles_separationrulehistory" ("created_at", "created_by", "deleted_at", "deleted_by", "deletion_id", "first_role", "id", "name", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "second_role", "tenant_id") VALUES (OLD."created_at", OLD."created_by", OLD."deleted_at", OLD."deleted_by", OLD."deletion_id", OLD."first_role", OLD."id", OLD."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'deleted\', OLD."id", OLD."reason", OLD."second_role", OLD."tenant_id"); RETURN NULL;',
                    hash="733afef1ff7b89b9331b921741728131155a3c98",
                    operation="DELETE",
                    pgid="pgtrigger_deleted_delete_82b3a",
                    table="roles_separationrule",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddField(
            model_name="separationrulehistory",
            name="pgh_obj",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="history",
                to="roles.separationrule",
            ),
        ),
        migrations.AddIndex(
            model_name="separationrulehistory",
            index=models.Index(fields=["pgh_obj", "-pgh_id"], name="roles_separ_pgh_obj_53d6fe_idx"),
        ),
        migrations.AddIndex(
            model_name="separationrulehistory",
            index=models.Index(
                fields=["tenant_id", "-pgh_created_at", "-pgh_id"], name="roles_separ_tenant__38303a_idx"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="separationrulehistory",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="9acd4b24e8ae119a8394f2ba9e1d6001d5c3da5d",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_37d03",
                    table="roles_separationrulehistory",
                    when="BEFORE",
                ),
            ),
        ),
        isolation.TenantIsolation("SeparationRule"),
        isolation.TenantIsolation("SeparationRuleHistory"),
    ]
