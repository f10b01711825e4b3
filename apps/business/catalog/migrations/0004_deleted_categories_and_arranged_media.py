"""Categories are deleted softly; pictures have a place among the others, and are removed softly."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    # A company has few categories: one short look at the table makes the index anew, without those that are deleted.
    # Nothing is without its guarantee meanwhile: both happen in one transaction.
    squawk_ignore = (
        "ban-drop-constraint",
        "require-concurrent-index-creation",
        "require-concurrent-index-deletion",
    )

    dependencies = [
        ("catalog", "0003_categories_and_media"),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="category",
            name="created_insert",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="category",
            name="updated_update",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="category",
            name="deleted_delete",
        ),
        migrations.RemoveConstraint(
            model_name="category",
            name="catalog_category_name",
        ),
        migrations.AddField(
            model_name="category",
            name="deleted_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="category",
            name="deleted_by",
            field=models.UUIDField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="category",
            name="deletion_id",
            field=models.UUIDField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="categoryhistory",
            name="deleted_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="categoryhistory",
            name="deleted_by",
            field=models.UUIDField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="categoryhistory",
            name="deletion_id",
            field=models.UUIDField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="productmedia",
            name="place",
            field=models.PositiveIntegerField(
                db_default=0, default=0, help_text="Smaller ones come first, then older ones."
            ),
        ),
        migrations.AddField(
            model_name="productmedia",
            name="removed_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="category",
            trigger=pgtrigger.compiler.Trigger(
                name="created_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "catalog_categoryhistory" ("created_at", "created_by", "deleted_at", "deleted_by", "deletion_id", "id", "name", "parent_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "tenant_id", "updated_at", "updated_by", "version") VALUES (NEW."created_at", NEW."created_by", NEW."deleted_at", NEW."deleted_by", NEW."deletion_id", NEW."id", NEW."name", NEW."parent_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'created\', NEW."id", NEW."tenant_id", NEW."updated_at", NEW."updated_by", NEW."version"); RETURN NULL;',
                    hash="28699ce939bd680e97627f368e76155d7e328263",
                    operation="INSERT",
                    pgid="pgtrigger_created_insert_9b8ae",
                    table="catalog_category",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="category",
            trigger=pgtrigger.compiler.Trigger(
                name="updated_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "catalog_categoryhistory" ("created_at", "created_by", "deleted_at", "deleted_by", "deletion_id", "id", "name", "parent_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "tenant_id", "updated_at", "updated_by", "version") VALUES (NEW."created_at", NEW."created_by", NEW."deleted_at", NEW."deleted_by", NEW."deletion_id", NEW."id", NEW."name", NEW."parent_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'updated\', NEW."id", NEW."tenant_id", NEW."updated_at", NEW."updated_by", NEW."version"); RETURN NULL;',
                    hash="88c570f1decec81ea9a095ce5d548d407d126542",
                    operation="UPDATE",
                    pgid="pgtrigger_updated_update_726eb",
                    table="catalog_category",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="category",
            trigger=pgtrigger.compiler.Trigger(
                name="deleted_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "catalog_categoryhistory" ("created_at", "created_by", "deleted_at", "deleted_by", "deletion_id", "id", "name", "parent_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "tenant_id", "updated_at", "updated_by", "version") VALUES (OLD."created_at", OLD."created_by", OLD."deleted_at", OLD."deleted_by", OLD."deletion_id", OLD."id", OLD."name", OLD."parent_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'deleted\', OLD."id", OLD."tenant_id", OLD."updated_at", OLD."updated_by", OLD."version"); RETURN NULL;',
                    hash="a88d52df8a1f8e4b811cecce23406a5fa3cfc6ad",
                    operation="DELETE",
                    pgid="pgtrigger_deleted_delete_40989",
                    table="catalog_category",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="category",
            constraint=models.UniqueConstraint(
                condition=models.Q(("deleted_at__isnull", True)),
                fields=("tenant_id", "parent", "name"),
                name="catalog_category_name",
                nulls_distinct=False,
            ),
        ),
    ]
