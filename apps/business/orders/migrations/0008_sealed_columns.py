"""What is personal of customers may be of any length, as it lies there sealed; an e-mail address is found by a mark."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations

import apps.core.crypto.fields


class Migration(migrations.Migration):
    # From varchar to text: no row is rewritten, and whoever reads the columns as before goes on.
    squawk_ignore = ("changing-column-type",)

    dependencies = [
        ("orders", "0007_addresses_and_shipping"),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="customer",
            name="updated_update",
        ),
        migrations.AddField(
            model_name="customer",
            name="email_mark",
            field=apps.core.crypto.fields.BlindIndexField(
                blank=True, db_default="", default="", editable=False, max_length=22, over="email"
            ),
        ),
        migrations.AlterField(
            model_name="customer",
            name="email",
            field=apps.core.crypto.fields.SealedTextField(blank=True, default="", of="id"),
        ),
        migrations.AlterField(
            model_name="customeraddress",
            name="city",
            field=apps.core.crypto.fields.SealedTextField(of="customer_id"),
        ),
        migrations.AlterField(
            model_name="customeraddress",
            name="lines",
            field=apps.core.crypto.fields.SealedTextField(
                help_text="Street and house, one to four lines.", of="customer_id"
            ),
        ),
        migrations.AlterField(
            model_name="customeraddress",
            name="name",
            field=apps.core.crypto.fields.SealedTextField(help_text="Who receives it there.", of="customer_id"),
        ),
        migrations.AlterField(
            model_name="customeraddress",
            name="phone",
            field=apps.core.crypto.fields.SealedTextField(blank=True, default="", of="customer_id"),
        ),
        migrations.AlterField(
            model_name="customeraddress",
            name="postal_code",
            field=apps.core.crypto.fields.SealedTextField(blank=True, default="", of="customer_id"),
        ),
        migrations.AlterField(
            model_name="customeraddress",
            name="region",
            field=apps.core.crypto.fields.SealedTextField(blank=True, default="", of="customer_id"),
        ),
        migrations.AlterField(
            model_name="customeraddresshistory",
            name="city",
            field=apps.core.crypto.fields.SealedTextField(of="customer_id"),
        ),
        migrations.AlterField(
            model_name="customeraddresshistory",
            name="lines",
            field=apps.core.crypto.fields.SealedTextField(
                help_text="Street and house, one to four lines.", of="customer_id"
            ),
        ),
        migrations.AlterField(
            model_name="customeraddresshistory",
            name="name",
            field=apps.core.crypto.fields.SealedTextField(help_text="Who receives it there.", of="customer_id"),
        ),
        migrations.AlterField(
            model_name="customeraddresshistory",
            name="phone",
            field=apps.core.crypto.fields.SealedTextField(blank=True, default="", of="customer_id"),
        ),
        migrations.AlterField(
            model_name="customeraddresshistory",
            name="postal_code",
            field=apps.core.crypto.fields.SealedTextField(blank=True, default="", of="customer_id"),
        ),
        migrations.AlterField(
            model_name="customeraddresshistory",
            name="region",
            field=apps.core.crypto.fields.SealedTextField(blank=True, default="", of="customer_id"),
        ),
        migrations.AlterField(
            model_name="customerhistory",
            name="email",
            field=apps.core.crypto.fields.SealedTextField(blank=True, default="", of="id"),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="customer",
            trigger=pgtrigger.compiler.Trigger(
                name="updated_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."code" IS DISTINCT FROM (NEW."code") OR OLD."country" IS DISTINCT FROM (NEW."country") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."created_by" IS DISTINCT FROM (NEW."created_by") OR OLD."email" IS DISTINCT FROM (NEW."email") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."name" IS DISTINCT FROM (NEW."name") OR OLD."name_key" IS DISTINCT FROM (NEW."name_key") OR OLD."tenant_id" IS DISTINCT FROM (NEW."tenant_id") OR OLD."updated_at" IS DISTINCT FROM (NEW."updated_at") OR OLD."updated_by" IS DISTINCT FROM (NEW."updated_by") OR OLD."version" IS DISTINCT FROM (NEW."version"))',
                    func='INSERT INTO "orders_customerhistory" ("code", "country", "created_at", "created_by", "email", "id", "name", "name_key", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "tenant_id", "updated_at", "updated_by", "version") VALUES (NEW."code", NEW."country", NEW."created_at", NEW."created_by", NEW."email", NEW."id", NEW."name", NEW."name_key", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'updated\', NEW."id", NEW."tenant_id", NEW."updated_at", NEW."updated_by", NEW."version"); RETURN NULL;',
                    hash="e2f9a833a3cc63fd10d62d584b856ad4cfdb4dcf",
                    operation="UPDATE",
                    pgid="pgtrigger_updated_update_83278",
                    table="orders_customer",
                    when="AFTER",
                ),
            ),
        ),
    ]
