"""Shops and what their visitors put into carts."""

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
    # The tables that get a required column are made here, so they are empty.
    squawk_ignore = ("adding-required-field",)

    initial = True

    dependencies = [
        ("catalog", "0003_categories_and_media"),
    ]

    operations = [
        migrations.CreateModel(
            name="ShopHistory",
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
                ("is_open", models.BooleanField(default=False)),
                (
                    "title",
                    models.CharField(blank=True, default="", help_text="Left out: the company's name.", max_length=100),
                ),
                ("currency", models.CharField(help_text="ISO 4217: what its prices are named in.", max_length=3)),
                (
                    "sells_on_account",
                    models.BooleanField(default=False, help_text="Whether buyers may pay by invoice, afterwards."),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Shopper",
            fields=[
                ("tenant_id", models.UUIDField(default=apps.core.tenancy.context.require_tenant_id, editable=False)),
                (
                    "id",
                    models.UUIDField(default=apps.core.db.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("user_id", models.UUIDField()),
                ("customer_id", models.UUIDField()),
            ],
        ),
        migrations.CreateModel(
            name="Cart",
            fields=[
                ("tenant_id", models.UUIDField(default=apps.core.tenancy.context.require_tenant_id, editable=False)),
                (
                    "id",
                    models.UUIDField(default=apps.core.db.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "user_id",
                    models.UUIDField(help_text="Of the iam database; null: whoever holds the token.", null=True),
                ),
                (
                    "token_hash",
                    models.CharField(blank=True, default="", help_text="SHA-256; empty: a person's.", max_length=64),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[("open", "Open"), ("ordered", "Ordered"), ("merged", "Merged")],
                        default="open",
                        max_length=16,
                    ),
                ),
                ("currency", models.CharField(help_text="That of the prices that were seen.", max_length=3)),
                ("order_id", models.UUIDField(null=True)),
                ("created_at", models.DateTimeField()),
                ("touched_at", models.DateTimeField()),
            ],
            options={
                "indexes": [models.Index(fields=["tenant_id", "touched_at"], name="carts_by_age")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("status", "open")),
                        fields=("tenant_id", "user_id"),
                        name="carts_one_of_a_person",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("token_hash", ""), _negated=True),
                        fields=("tenant_id", "token_hash"),
                        name="carts_one_of_a_token",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("user_id__isnull", True), models.Q(("token_hash", ""), _negated=True)),
                            models.Q(("token_hash", ""), ("user_id__isnull", False)),
                            _connector="OR",
                        ),
                        name="carts_of_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status", "ordered"), ("order_id__isnull", True), _connector="XOR"),
                        name="carts_ordered_has_order",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CartLine",
            fields=[
                ("tenant_id", models.UUIDField(default=apps.core.tenancy.context.require_tenant_id, editable=False)),
                (
                    "id",
                    models.UUIDField(default=apps.core.db.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("quantity", models.PositiveIntegerField()),
                ("seen_price_e4", models.BigIntegerField(help_text="In 1/10,000 of the cart's currency.")),
                (
                    "cart",
                    apps.core.db.fields.TenantForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="carts.cart",
                    ),
                ),
                (
                    "product",
                    apps.core.db.fields.TenantForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="catalog.product",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Shop",
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
                ("is_open", models.BooleanField(default=False)),
                (
                    "title",
                    models.CharField(blank=True, default="", help_text="Left out: the company's name.", max_length=100),
                ),
                ("currency", models.CharField(help_text="ISO 4217: what its prices are named in.", max_length=3)),
                (
                    "sells_on_account",
                    models.BooleanField(default=False, help_text="Whether buyers may pay by invoice, afterwards."),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "with_deleted",
                "constraints": [models.UniqueConstraint(fields=("tenant_id",), name="carts_one_shop")],
            },
            managers=[
                ("objects", django.db.models.manager.Manager()),
                ("with_deleted", django.db.models.manager.Manager()),
            ],
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="shop",
            trigger=pgtrigger.compiler.Trigger(
                name="created_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "carts_shophistory" ("created_at", "created_by", "currency", "id", "is_open", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "sells_on_account", "tenant_id", "title", "updated_at", "updated_by", "version") VALUES (NEW."created_at", NEW."created_by", NEW."currency", NEW."id", NEW."is_open", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'created\', NEW."id", NEW."sells_on_account", NEW."tenant_id", NEW."title", NEW."updated_at", NEW."updated_by", NEW."version"); RETURN NULL;',
                    hash="2cc0acaf5e279893f6563c0deb889e8f69c1c8ac",
                    operation="INSERT",
                    pgid="pgtrigger_created_insert_0218f",
                    table="carts_shop",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="shop",
            trigger=pgtrigger.compiler.Trigger(
                name="updated_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "carts_shophistory" ("created_at", "created_by", "currency", "id", "is_open", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "sells_on_account", "tenant_id", "title", "updated_at", "updated_by", "version") VALUES (NEW."created_at", NEW."created_by", NEW."currency", NEW."id", NEW."is_open", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'updated\', NEW."id", NEW."sells_on_account", NEW."tenant_id", NEW."title", NEW."updated_at", NEW."updated_by", NEW."version"); RETURN NULL;',
                    hash="089798a942c067ce3fff0caa3c9b2af45404fddb",
                    operation="UPDATE",
                    pgid="pgtrigger_updated_update_2bcf4",
                    table="carts_shop",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="shop",
            trigger=pgtrigger.compiler.Trigger(
                name="deleted_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "carts_shophistory" ("created_at", "created_by", "currency", "id", "is_open", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "sells_on_account", "tenant_id", "title", "updated_at", "updated_by", "version") VALUES (OLD."created_at", OLD."created_by", OLD."currency", OLD."id", OLD."is_open", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'deleted\', OLD."id", OLD."sells_on_account", OLD."tenant_id", OLD."title", OLD."updated_at", OLD."updated_by", OLD."version"); RETURN NULL;',
                    hash="03ae70ace4d1ca9bf58543e50dd9221c704175e2",
                    operation="DELETE",
                    pgid="pgtrigger_deleted_delete_41ca5",
                    table="carts_shop",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddField(
            model_name="shophistory",
            name="pgh_obj",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="history",
                to="carts.shop",
            ),
        ),
        migrations.AddConstraint(
            model_name="shopper",
            constraint=models.UniqueConstraint(fields=("tenant_id", "user_id"), name="carts_shopper_once"),
        ),
        migrations.AddConstraint(
            model_name="cartline",
            constraint=models.UniqueConstraint(fields=("tenant_id", "cart", "product"), name="carts_product_once"),
        ),
        migrations.AddConstraint(
            model_name="cartline",
            constraint=models.CheckConstraint(
                condition=models.Q(("quantity__gte", 1), ("quantity__lte", 9999)), name="carts_some_pieces"
            ),
        ),
        migrations.AddIndex(
            model_name="shophistory",
            index=models.Index(fields=["pgh_obj", "-pgh_id"], name="carts_shoph_pgh_obj_cf4cf6_idx"),
        ),
        migrations.AddIndex(
            model_name="shophistory",
            index=models.Index(
                fields=["tenant_id", "-pgh_created_at", "-pgh_id"], name="carts_shoph_tenant__e9b044_idx"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="shophistory",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="f9e14ea3a983e6c8db3dc3f1c050fc96c991e009",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_0384e",
                    table="carts_shophistory",
                    when="BEFORE",
                ),
            ),
        ),
        TenantIsolation("Shop"),
        TenantIsolation("ShopHistory"),
        TenantIsolation("Cart"),
        TenantIsolation("CartLine"),
        TenantIsolation("Shopper"),
        TenantReference("CartLine", "cart"),
        TenantReference("CartLine", "product"),
    ]
