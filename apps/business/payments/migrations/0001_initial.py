"""Payments, what is asked of their providers, and a ledger that the database itself keeps balanced."""

import django.db.models.deletion
import django.db.models.manager
import django.utils.timezone
import pghistory.utils
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models, router

import apps.core.db.fields
import apps.core.db.ids
import apps.core.tenancy.context
from apps.core.db.roles import roles_of
from apps.core.tenancy.isolation import TenantIsolation, TenantReference

# Whatever has been written, when the transaction ends: the lines of an entry sum to zero, there are at least two, and
# their accounts are in its currency. The check runs in the tenant of the row, whoever is current by then, and puts that
# back: behind row-level security it would else see no lines. Without any it fails, so it cannot be blinded.
BALANCE = """
create function payments_entry_balances() returns trigger language plpgsql set search_path = public, pg_catalog as $$
declare
    before text := current_setting('app.tenant_id', true);
    entry uuid;
    total numeric;
    lines bigint;
    strangers bigint;
begin
    if tg_table_name = 'payments_ledgerentry' then entry := new.id; else entry := new.entry_id; end if;
    perform set_config('app.tenant_id', new.tenant_id::text, true);
    select coalesce(sum(l.amount_minor), 0), count(*), count(*) filter (where a.currency <> e.currency)
    into total, lines, strangers
    from payments_ledgerline l
    join payments_ledgeraccount a on a.tenant_id = l.tenant_id and a.id = l.account_id
    join payments_ledgerentry e on e.tenant_id = l.tenant_id and e.id = l.entry_id
    where l.tenant_id = new.tenant_id and l.entry_id = entry;
    perform set_config('app.tenant_id', coalesce(before, ''), true);
    if total <> 0 or lines < 2 or strangers > 0 then
        raise exception 'the ledger entry % does not balance', entry
            using errcode = 'check_violation', constraint = 'payments_entry_balances';
    end if;
    return null;
end $$
"""
TRIGGER = """
create constraint trigger payments_entry_balances after insert or update on {table}
deferrable initially deferred for each row execute function payments_entry_balances()
"""
LEDGER = ("payments_ledgerentry", "payments_ledgerline")


def keep_the_ledger_balanced(apps, schema_editor):
    if router.allow_migrate(schema_editor.connection.alias, "payments"):
        schema_editor.execute(BALANCE, params=None)
        for table in LEDGER:
            schema_editor.execute(TRIGGER.format(table=table))


def let_it_be(apps, schema_editor):
    if router.allow_migrate(schema_editor.connection.alias, "payments"):
        for table in LEDGER:
            schema_editor.execute(f"drop trigger payments_entry_balances on {table}")
        schema_editor.execute("drop function payments_entry_balances()")


def let_the_relay_read(apps, schema_editor):
    """The sweep sees that something is due, in every tenant."""
    alias = schema_editor.connection.alias
    if router.allow_migrate(alias, "payments"):
        schema_editor.execute(
            f'create policy relay_reads on payments_operation for select to "{roles_of(alias).relay}" using (true)'
        )


def keep_the_relay_out(apps, schema_editor):
    if router.allow_migrate(schema_editor.connection.alias, "payments"):
        schema_editor.execute("drop policy relay_reads on payments_operation")


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="LedgerEntry",
            fields=[
                ("tenant_id", models.UUIDField(default=apps.core.tenancy.context.require_tenant_id, editable=False)),
                (
                    "id",
                    models.UUIDField(default=apps.core.db.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("charge", "Charge"),
                            ("fee", "Fee"),
                            ("refund", "Refund"),
                            ("refund_returned", "Refund came back"),
                            ("payout", "Payout"),
                        ],
                        max_length=16,
                    ),
                ),
                ("reference", models.CharField(max_length=255)),
                ("currency", models.CharField(help_text="ISO 4217.", max_length=3)),
                ("occurred_at", models.DateTimeField()),
                ("recorded_at", models.DateTimeField()),
                ("actor_id", models.UUIDField(null=True)),
                ("actor_name", models.CharField(blank=True, default="", max_length=200)),
            ],
        ),
        migrations.CreateModel(
            name="PaymentHistory",
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
                ("order_id", models.UUIDField()),
                ("provider", models.CharField(max_length=32)),
                (
                    "method",
                    models.CharField(
                        help_text="The provider's token of a card, say; never its number.", max_length=255
                    ),
                ),
                (
                    "reference",
                    models.CharField(blank=True, default="", help_text="What the provider calls it.", max_length=255),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("authorising", "Authorising"),
                            ("authorised", "Authorised"),
                            ("declined", "Declined"),
                            ("captured", "Captured"),
                            ("voided", "Voided"),
                            ("partly_refunded", "Partly Refunded"),
                            ("refunded", "Refunded"),
                        ],
                        default="authorising",
                        max_length=16,
                    ),
                ),
                ("currency", models.CharField(help_text="ISO 4217.", max_length=3)),
                (
                    "amount_minor",
                    models.BigIntegerField(help_text="What is to be authorised, in minor units of `currency`."),
                ),
                ("captured_minor", models.BigIntegerField(default=0)),
                ("refunded_minor", models.BigIntegerField(default=0)),
                ("fee_minor", models.BigIntegerField(default=0, help_text="What the provider keeps.")),
                ("decline_code", models.CharField(blank=True, default="", max_length=100)),
                ("decline_reason", models.CharField(blank=True, default="", max_length=500)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ProviderNotice",
            fields=[
                ("tenant_id", models.UUIDField(default=apps.core.tenancy.context.require_tenant_id, editable=False)),
                (
                    "id",
                    models.UUIDField(default=apps.core.db.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("provider", models.CharField(max_length=32)),
                ("event_id", models.CharField(max_length=255)),
                ("event_type", models.CharField(max_length=100)),
                ("received_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="ProviderSettings",
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
                ("provider", models.CharField(max_length=32)),
                ("sealed_key", models.BinaryField(default=bytes)),
                ("sealed_webhook_secret", models.BinaryField(default=bytes)),
                (
                    "key_ending",
                    models.CharField(
                        blank=True, default="", help_text="Tells keys apart; opens nothing.", max_length=4
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
            name="ProviderSettingsHistory",
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
                ("provider", models.CharField(max_length=32)),
                (
                    "key_ending",
                    models.CharField(
                        blank=True, default="", help_text="Tells keys apart; opens nothing.", max_length=4
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="LedgerAccount",
            fields=[
                ("tenant_id", models.UUIDField(default=apps.core.tenancy.context.require_tenant_id, editable=False)),
                (
                    "id",
                    models.UUIDField(default=apps.core.db.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "code",
                    models.CharField(
                        choices=[
                            ("provider", "Balance at the provider"),
                            ("receivables", "Owed by customers"),
                            ("fees", "Fees of the provider"),
                            ("bank", "Bank account"),
                        ],
                        max_length=16,
                    ),
                ),
                ("currency", models.CharField(help_text="ISO 4217.", max_length=3)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("tenant_id", "currency", "code"), name="payments_account_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="LedgerLine",
            fields=[
                ("tenant_id", models.UUIDField(default=apps.core.tenancy.context.require_tenant_id, editable=False)),
                (
                    "id",
                    models.UUIDField(default=apps.core.db.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("amount_minor", models.BigIntegerField()),
                (
                    "account",
                    apps.core.db.fields.TenantForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="payments.ledgeraccount",
                    ),
                ),
                (
                    "entry",
                    apps.core.db.fields.TenantForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="payments.ledgerentry",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Payment",
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
                ("order_id", models.UUIDField()),
                ("provider", models.CharField(max_length=32)),
                (
                    "method",
                    models.CharField(
                        help_text="The provider's token of a card, say; never its number.", max_length=255
                    ),
                ),
                (
                    "reference",
                    models.CharField(blank=True, default="", help_text="What the provider calls it.", max_length=255),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("authorising", "Authorising"),
                            ("authorised", "Authorised"),
                            ("declined", "Declined"),
                            ("captured", "Captured"),
                            ("voided", "Voided"),
                            ("partly_refunded", "Partly Refunded"),
                            ("refunded", "Refunded"),
                        ],
                        default="authorising",
                        max_length=16,
                    ),
                ),
                ("currency", models.CharField(help_text="ISO 4217.", max_length=3)),
                (
                    "amount_minor",
                    models.BigIntegerField(help_text="What is to be authorised, in minor units of `currency`."),
                ),
                ("captured_minor", models.BigIntegerField(default=0)),
                ("refunded_minor", models.BigIntegerField(default=0)),
                ("fee_minor", models.BigIntegerField(default=0, help_text="What the provider keeps.")),
                ("decline_code", models.CharField(blank=True, default="", max_length=100)),
                ("decline_reason", models.CharField(blank=True, default="", max_length=500)),
            ],
            options={
                "abstract": False,
                "base_manager_name": "with_deleted",
                "indexes": [
                    models.Index(fields=["tenant_id", "-created_at", "-id"], name="payments_newest"),
                    models.Index(fields=["tenant_id", "reference"], name="payments_by_reference"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("tenant_id", "order_id", "method"), name="payments_one_per_method"),
                    models.UniqueConstraint(
                        condition=models.Q(("status__in", ["declined", "voided"]), _negated=True),
                        fields=("tenant_id", "order_id"),
                        name="payments_one_alive_per_order",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount_minor__gt", 0)), name="payments_amount_positive"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("captured_minor__gte", 0), ("captured_minor__lte", models.F("amount_minor"))
                        ),
                        name="payments_captured_within_authorised",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("refunded_minor__gte", 0), ("refunded_minor__lte", models.F("captured_minor"))
                        ),
                        name="payments_refunded_within_captured",
                    ),
                    models.CheckConstraint(condition=models.Q(("fee_minor__gte", 0)), name="payments_fee_not_negative"),
                ],
            },
            managers=[
                ("objects", django.db.models.manager.Manager()),
                ("with_deleted", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="Operation",
            fields=[
                ("tenant_id", models.UUIDField(default=apps.core.tenancy.context.require_tenant_id, editable=False)),
                (
                    "id",
                    models.UUIDField(default=apps.core.db.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("authorise", "Authorise"),
                            ("capture", "Capture"),
                            ("void", "Void"),
                            ("refund", "Refund"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("stuck", "nobody answered for so long that a person must look"),
                            ("succeeded", "Succeeded"),
                            ("failed", "Failed"),
                        ],
                        default="pending",
                        max_length=16,
                    ),
                ),
                ("amount_minor", models.BigIntegerField()),
                (
                    "request_key",
                    models.CharField(
                        help_text="Of whoever wants it: repeated, it is the same operation.", max_length=200
                    ),
                ),
                ("reason", models.CharField(blank=True, default="", max_length=200)),
                (
                    "reference",
                    models.CharField(blank=True, default="", help_text="What the provider calls it.", max_length=255),
                ),
                ("attempts", models.PositiveIntegerField(default=0)),
                (
                    "next_at",
                    models.DateTimeField(
                        help_text="When it is asked next; while it is being asked, when that is given up."
                    ),
                ),
                ("code", models.CharField(blank=True, default="", max_length=100)),
                (
                    "message",
                    models.CharField(
                        blank=True, default="", help_text="Why it failed, or was not answered.", max_length=500
                    ),
                ),
                ("wanted_at", models.DateTimeField()),
                ("settled_at", models.DateTimeField(null=True)),
                ("actor_id", models.UUIDField(null=True)),
                ("actor_name", models.CharField(blank=True, default="", max_length=200)),
                (
                    "payment",
                    apps.core.db.fields.TenantForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="operations",
                        to="payments.payment",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="ledgerentry",
            name="payment",
            field=apps.core.db.fields.TenantForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="entries",
                to="payments.payment",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="payment",
            trigger=pgtrigger.compiler.Trigger(
                name="created_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "payments_paymenthistory" ("amount_minor", "captured_minor", "created_at", "created_by", "currency", "decline_code", "decline_reason", "fee_minor", "id", "method", "order_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "provider", "reference", "refunded_minor", "status", "tenant_id", "updated_at", "updated_by", "version") VALUES (NEW."amount_minor", NEW."captured_minor", NEW."created_at", NEW."created_by", NEW."currency", NEW."decline_code", NEW."decline_reason", NEW."fee_minor", NEW."id", NEW."method", NEW."order_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'created\', NEW."id", NEW."provider", NEW."reference", NEW."refunded_minor", NEW."status", NEW."tenant_id", NEW."updated_at", NEW."updated_by", NEW."version"); RETURN NULL;',
                    hash="56076e7f0ad8dca4d2cade462da06f02e80214b1",
                    operation="INSERT",
                    pgid="pgtrigger_created_insert_c9158",
                    table="payments_payment",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="payment",
            trigger=pgtrigger.compiler.Trigger(
                name="updated_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "payments_paymenthistory" ("amount_minor", "captured_minor", "created_at", "created_by", "currency", "decline_code", "decline_reason", "fee_minor", "id", "method", "order_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "provider", "reference", "refunded_minor", "status", "tenant_id", "updated_at", "updated_by", "version") VALUES (NEW."amount_minor", NEW."captured_minor", NEW."created_at", NEW."created_by", NEW."currency", NEW."decline_code", NEW."decline_reason", NEW."fee_minor", NEW."id", NEW."method", NEW."order_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'updated\', NEW."id", NEW."provider", NEW."reference", NEW."refunded_minor", NEW."status", NEW."tenant_id", NEW."updated_at", NEW."updated_by", NEW."version"); RETURN NULL;',
                    hash="a15712fddb15077693ea3e32a7f216f2a02654e1",
                    operation="UPDATE",
                    pgid="pgtrigger_updated_update_19975",
                    table="payments_payment",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="payment",
            trigger=pgtrigger.compiler.Trigger(
                name="deleted_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "payments_paymenthistory" ("amount_minor", "captured_minor", "created_at", "created_by", "currency", "decline_code", "decline_reason", "fee_minor", "id", "method", "order_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "provider", "reference", "refunded_minor", "status", "tenant_id", "updated_at", "updated_by", "version") VALUES (OLD."amount_minor", OLD."captured_minor", OLD."created_at", OLD."created_by", OLD."currency", OLD."decline_code", OLD."decline_reason", OLD."fee_minor", OLD."id", OLD."method", OLD."order_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'deleted\', OLD."id", OLD."provider", OLD."reference", OLD."refunded_minor", OLD."status", OLD."tenant_id", OLD."updated_at", OLD."updated_by", OLD."version"); RETURN NULL;',
                    hash="188999f1e68154e3a551769c290da3794816890e",
                    operation="DELETE",
                    pgid="pgtrigger_deleted_delete_33455",
                    table="payments_payment",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddField(
            model_name="paymenthistory",
            name="pgh_obj",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="history",
                to="payments.payment",
            ),
        ),
        migrations.AddField(
            model_name="providernotice",
            name="payment",
            field=apps.core.db.fields.TenantForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="notices",
                to="payments.payment",
            ),
        ),
        migrations.AddConstraint(
            model_name="providersettings",
            constraint=models.UniqueConstraint(fields=("tenant_id",), name="payments_one_provider"),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="providersettings",
            trigger=pgtrigger.compiler.Trigger(
                name="created_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "payments_providersettingshistory" ("created_at", "created_by", "id", "key_ending", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "provider", "tenant_id", "updated_at", "updated_by", "version") VALUES (NEW."created_at", NEW."created_by", NEW."id", NEW."key_ending", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'created\', NEW."id", NEW."provider", NEW."tenant_id", NEW."updated_at", NEW."updated_by", NEW."version"); RETURN NULL;',
                    hash="e6c5eb26d7baf67c6b5993ec9140489ae8ff0aca",
                    operation="INSERT",
                    pgid="pgtrigger_created_insert_5a41c",
                    table="payments_providersettings",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="providersettings",
            trigger=pgtrigger.compiler.Trigger(
                name="updated_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."created_by" IS DISTINCT FROM (NEW."created_by") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."key_ending" IS DISTINCT FROM (NEW."key_ending") OR OLD."provider" IS DISTINCT FROM (NEW."provider") OR OLD."tenant_id" IS DISTINCT FROM (NEW."tenant_id") OR OLD."updated_at" IS DISTINCT FROM (NEW."updated_at") OR OLD."updated_by" IS DISTINCT FROM (NEW."updated_by") OR OLD."version" IS DISTINCT FROM (NEW."version"))',
                    func='INSERT INTO "payments_providersettingshistory" ("created_at", "created_by", "id", "key_ending", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "provider", "tenant_id", "updated_at", "updated_by", "version") VALUES (NEW."created_at", NEW."created_by", NEW."id", NEW."key_ending", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'updated\', NEW."id", NEW."provider", NEW."tenant_id", NEW."updated_at", NEW."updated_by", NEW."version"); RETURN NULL;',
                    hash="8426a2c1d46beee13fc89f4637690c34ccbdffd6",
                    operation="UPDATE",
                    pgid="pgtrigger_updated_update_1903c",
                    table="payments_providersettings",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="providersettings",
            trigger=pgtrigger.compiler.Trigger(
                name="deleted_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "payments_providersettingshistory" ("created_at", "created_by", "id", "key_ending", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "provider", "tenant_id", "updated_at", "updated_by", "version") VALUES (OLD."created_at", OLD."created_by", OLD."id", OLD."key_ending", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, clock_timestamp(), \'deleted\', OLD."id", OLD."provider", OLD."tenant_id", OLD."updated_at", OLD."updated_by", OLD."version"); RETURN NULL;',
                    hash="6ed2d7208a9d7d8186cd3ce7ee707b6ae8a795a7",
                    operation="DELETE",
                    pgid="pgtrigger_deleted_delete_ec7bc",
                    table="payments_providersettings",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddField(
            model_name="providersettingshistory",
            name="pgh_obj",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="history",
                to="payments.providersettings",
            ),
        ),
        migrations.AddIndex(
            model_name="ledgerline",
            index=models.Index(fields=["tenant_id", "entry"], name="payments_lines_of_entry"),
        ),
        migrations.AddIndex(
            model_name="ledgerline",
            index=models.Index(
                fields=["tenant_id", "account"], include=("amount_minor",), name="payments_lines_of_account"
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerline",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_minor", 0), _negated=True), name="payments_line_moves"
            ),
        ),
        migrations.AddIndex(
            model_name="operation",
            index=models.Index(
                condition=models.Q(("state", "pending")), fields=["next_at"], name="payments_operation_due"
            ),
        ),
        migrations.AddConstraint(
            model_name="operation",
            constraint=models.UniqueConstraint(
                fields=("tenant_id", "payment", "kind", "request_key"), name="payments_asked_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="operation",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_minor__gt", 0)), name="payments_operation_amount"
            ),
        ),
        migrations.AddIndex(
            model_name="ledgerentry",
            index=models.Index(fields=["tenant_id", "-recorded_at", "-id"], name="payments_entries_newest"),
        ),
        migrations.AddIndex(
            model_name="ledgerentry",
            index=models.Index(fields=["tenant_id", "payment", "id"], name="payments_entries_of_payment"),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.UniqueConstraint(fields=("tenant_id", "kind", "reference"), name="payments_booked_once"),
        ),
        migrations.AddIndex(
            model_name="paymenthistory",
            index=models.Index(fields=["pgh_obj", "-pgh_id"], name="payments_pa_pgh_obj_76fb7e_idx"),
        ),
        migrations.AddIndex(
            model_name="paymenthistory",
            index=models.Index(
                fields=["tenant_id", "-pgh_created_at", "-pgh_id"], name="payments_pa_tenant__e0be90_idx"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="paymenthistory",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="9c9bd87e7c092506aea2715668ff790abadd8f04",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_1c8dc",
                    table="payments_paymenthistory",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="providernotice",
            index=models.Index(fields=["tenant_id", "payment", "id"], name="payments_notices_of_payment"),
        ),
        migrations.AddConstraint(
            model_name="providernotice",
            constraint=models.UniqueConstraint(fields=("tenant_id", "provider", "event_id"), name="payments_told_once"),
        ),
        migrations.AddIndex(
            model_name="providersettingshistory",
            index=models.Index(fields=["pgh_obj", "-pgh_id"], name="payments_pr_pgh_obj_c39d4c_idx"),
        ),
        migrations.AddIndex(
            model_name="providersettingshistory",
            index=models.Index(
                fields=["tenant_id", "-pgh_created_at", "-pgh_id"], name="payments_pr_tenant__07a9e7_idx"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="providersettingshistory",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="ea499c86095405025ed1fb6b05df5727dcad014d",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_1458e",
                    table="payments_providersettingshistory",
                    when="BEFORE",
                ),
            ),
        ),
        TenantIsolation("Payment"),
        TenantIsolation("PaymentHistory"),
        TenantIsolation("Operation"),
        TenantIsolation("LedgerAccount"),
        TenantIsolation("LedgerEntry"),
        TenantIsolation("LedgerLine"),
        TenantIsolation("ProviderSettings"),
        TenantIsolation("ProviderSettingsHistory"),
        TenantIsolation("ProviderNotice"),
        TenantReference("Operation", "payment"),
        TenantReference("LedgerEntry", "payment"),
        TenantReference("LedgerLine", "entry"),
        TenantReference("LedgerLine", "account"),
        TenantReference("ProviderNotice", "payment"),
        migrations.RunPython(keep_the_ledger_balanced, let_it_be),
        migrations.RunPython(let_the_relay_read, keep_the_relay_out),
    ]
