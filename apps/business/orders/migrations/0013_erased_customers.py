"""Customers can be erased; their history tells when."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0012_notes"),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="customer",
            name="created_insert",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="customer",
            name="deleted_delete",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="customer",
            name="updated_update",
        ),
        migrations.AddField(
            model_name="customer",
            name="erased_at",
            field=models.DateTimeField(editable=False, help_text="Since then nothing personal is left.", null=True),
        ),
        migrations.AddField(
            model_name="customerhistory",
            name="erased_at",
            field=models.DateTimeField(editable=False, help_text="Since then nothing personal is left.", null=True),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="customer",
            trigger=pgtrigger.compiler.Trigger(
                name="created_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "orders_customerhistory" ("code", "country", "created_at", "created_by", "email", "erased_at", "id", "name", "name_key", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "tenant_id", "updated_at", "updated_by", "version") VALUES (NEW."code", NEW."country", NEW."created_at", NEW."created_by", NEW."email", NEW."erased_at", NEW."id", NEW."name", NEW."name_key", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'created\', NEW."id", NEW."tenant_id", NEW."updated_at", NEW."updated_by", NEW."version"); RETURN NULL;',
                    hash="b95810daf3888c5b78bfe7d9333e4f43385cdcf0",
                    operation="INSERT",
                    pgid="pgtrigger_created_insert_2a51a",
                    table="orders_customer",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="customer",
            trigger=pgtrigger.compiler.Trigger(
                name="updated_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."code" IS DISTINCT FROM (NEW."code") OR OLD."country" IS DISTINCT FROM (NEW."country") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."created_by" IS DISTINCT FROM (NEW."created_by") OR OLD."email" IS DISTINCT FROM (NEW."email") OR OLD."erased_at" IS DISTINCT FROM (NEW."erased_at") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."name" IS DISTINCT FROM (NEW."name") OR OLD."name_key" IS DISTINCT FROM (NEW."name_key") OR OLD."tenant_id" IS DISTINCT FROM (NEW."tenant_id") OR OLD."updated_at" IS DISTINCT FROM (NEW."updated_at") OR OLD."updated_by" IS DISTINCT FROM (NEW."updated_by") OR OLD."version" IS DISTINCT FROM (NEW."version"))',
                    func='INSERT INTO "orders_customerhistory" ("code", "country", "created_at", "created_by", "email", "erased_at", "id", "name", "name_key", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "tenant_id", "updated_at", "updated_by", "version") VALUES (NEW."code", NEW."country", NEW."created_at", NEW."created_by", NEW."email", NEW."erased_at", NEW."id", NEW."name", NEW."name_key", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'updated\', NEW."id", NEW."tenant_id", NEW."updated_at", NEW."updated_by", NEW."version"); RETURN NULL;',
                    hash="8946ca8f8b0c652c96e02f7213f58f232cebf9b8",
                    operation="UPDATE",
                    pgid="pgtrigger_updated_update_83278",
                    table="orders_customer",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="customer",
            trigger=pgtrigger.compiler.Trigger(
                name="deleted_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "orders_customerhistory" ("code", "country", "created_at", "created_by", "email", "erased_at", "id", "name", "name_key", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "tenant_id", "updated_at", "updated_by", "version") VALUES (OLD."code", OLD."country", OLD."created_at", OLD."created_by", OLD."email", OLD."erased_at", OLD."id", OLD."name", OLD."name_key", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'deleted\', OLD."id", OLD."tenant_id", OLD."updated_at", OLD."updated_by", OLD."version"); RETURN NULL;',
                    hash="dd4c3eda8bbba2e1e84db933d97743fa1206eed3",
                    operation="DELETE",
                    pgid="pgtrigger_deleted_delete_3e455",
                    table="orders_customer",
                    when="AFTER",
                ),
            ),
        ),
    ]
