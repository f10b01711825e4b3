"""The security log: records partitioned by the month of recording, which nobody changes, and the heads of the chains."""

from __future__ import annotations

from typing import Any

from django.db import migrations, models
from django.db.models import Q

import apps.core.tenancy.context
from apps.core.db.roles import roles_of
from apps.core.tenancy.isolation import OwnRows, TenantIsolation

RECORD = """
create table audit_security_record (
    event_id uuid not null,
    tenant_id uuid not null,
    sequence bigint not null check (sequence > 0),
    at timestamptz not null,
    recorded_at timestamptz not null,
    kind text not null,
    outcome text not null,
    actor_kind text not null,
    actor_id uuid,
    actor_name text not null,
    impersonator_id uuid,
    impersonator_name text not null,
    subject_id uuid not null,
    address text not null,
    user_agent text not null,
    session_id text not null,
    reason text not null,
    details jsonb not null,
    trace_id text not null,
    previous_hash text not null,
    hash text not null,
    actor_key text not null,
    reason_key text not null,
    primary key (tenant_id, event_id, recorded_at)
) partition by range (recorded_at);
create index security_record_by_time on audit_security_record (tenant_id, recorded_at, event_id);
create index security_record_in_chain on audit_security_record (tenant_id, sequence, event_id);
create index security_record_by_kind on audit_security_record (tenant_id, kind, recorded_at);
create index security_record_by_actor on audit_security_record (tenant_id, actor_id, recorded_at);
create index security_record_by_name on audit_security_record (tenant_id, actor_key, recorded_at);
create index security_record_by_impersonato on audit_security_record (tenant_id, impersonator_id, recorded_at)
    where impersonator_id is not null;
create index security_record_by_subject on audit_security_record (subject_id, recorded_at, event_id);
create index security_record_by_outcome on audit_security_record (tenant_id, outcome, recorded_at)
    where not (outcome = 'success');
create index security_record_by_session on audit_security_record (tenant_id, session_id, recorded_at)
    where not (session_id = '');
create index security_record_by_address on audit_security_record (tenant_id, address, recorded_at)
    where not (address = '');
create index security_record_by_reason on audit_security_record (tenant_id, reason_key, recorded_at)
    where not (reason_key = '');
create table audit_security_record_default partition of audit_security_record default;
"""

# The application was never granted more than reading and inserting; this holds for the owner too, until he takes the
# triggers away. Row triggers of the parent are cloned to every partition; those for TRUNCATE are not. A tenant that goes
# takes its chain with it: `tenantdata_erase`, which runs as the owner for a tenant whose erasure was ordered, says whose
# rows it deletes. Nothing else is let through, and no update ever.
APPEND_ONLY = """
create function audit_refuse_change() returns trigger language plpgsql as $$
begin
    if tg_level = 'ROW' and tg_op = 'DELETE' then
        if old.tenant_id::text = nullif(current_setting('app.erasing', true), '') then
            return old;
        end if;
    end if;
    raise exception 'the security log is written once: % of % is refused', tg_op, tg_table_name
        using errcode = 'restrict_violation';
end $$;
create trigger written_once before update or delete on audit_security_record
    for each row execute function audit_refuse_change();
create trigger never_emptied before truncate on audit_security_record
    for each statement execute function audit_refuse_change();
create trigger never_emptied before truncate on audit_security_record_default
    for each statement execute function audit_refuse_change();

create function audit_chain_moves_on() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' then
        if old.tenant_id::text = nullif(current_setting('app.erasing', true), '') then
            return old;
        end if;
    end if;
    if tg_op <> 'UPDATE' or new.tenant_id <> old.tenant_id or new.sequence < old.sequence
       or new.base_sequence < old.base_sequence then
        raise exception 'a chain of the security log only moves forwards'
            using errcode = 'restrict_violation';
    end if;
    return new;
end $$;
create trigger moves_on before update or delete on audit_security_chain
    for each row execute function audit_chain_moves_on();
create trigger never_emptied before truncate on audit_security_chain
    for each statement execute function audit_refuse_change();
"""

# As `events_create_partitions`: runs as the owner, for a caller that owns none, without stopping readers or writers of
# the other months. What lies in the default partition already is moved over, past the trigger that refuses deletes.
CREATE_PARTITIONS = """
create function audit_create_partitions(months_ahead integer) returns integer
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    this_month timestamp := date_trunc('month', now() at time zone 'UTC');
    first timestamptz;
    next timestamptz;
    part text;
    made integer := 0;
begin
    perform pg_advisory_xact_lock(hashtext('audit_create_partitions'));
    for ahead in 0..least(months_ahead, 24) loop
        first := (this_month + make_interval(months => ahead)) at time zone 'UTC';
        next := (this_month + make_interval(months => ahead + 1)) at time zone 'UTC';
        part := 'audit_security_record_' || to_char(first at time zone 'UTC', 'YYYYMM');
        continue when to_regclass(part) is not null;
        execute format('create table %I (like audit_security_record including defaults including constraints)', part);
        if exists (select from audit_security_record_default where recorded_at >= first and recorded_at < next) then
            alter table audit_security_record_default disable trigger user;
            execute format('with moved as (delete from audit_security_record_default where recorded_at >= %L '
                           'and recorded_at < %L returning *) insert into %I select * from moved', first, next, part);
            alter table audit_security_record_default enable trigger user;
        end if;
        execute format('alter table audit_security_record attach partition %I for values from (%L) to (%L)',
                       part, first, next);
        execute format('create trigger never_emptied before truncate on %I '
                       'for each statement execute function audit_refuse_change()', part);
        made := made + 1;
    end loop;
    return made;
end $$;
revoke all on function audit_create_partitions(integer) from public;
"""

UNDO_APPEND_ONLY = """
drop trigger never_emptied on audit_security_chain;
drop trigger moves_on on audit_security_chain;
drop function audit_chain_moves_on();
drop trigger never_emptied on audit_security_record_default;
drop trigger never_emptied on audit_security_record;
drop trigger written_once on audit_security_record;
drop function audit_refuse_change() cascade;
"""

NO_HASH = "0" * 64

INDEXES = [
    ("security_record_by_time", ("tenant_id", "recorded_at", "event_id"), None),
    ("security_record_in_chain", ("tenant_id", "sequence", "event_id"), None),
    ("security_record_by_kind", ("tenant_id", "kind", "recorded_at"), None),
    ("security_record_by_actor", ("tenant_id", "actor_id", "recorded_at"), None),
    ("security_record_by_name", ("tenant_id", "actor_key", "recorded_at"), None),
    (
        "security_record_by_impersonato",
        ("tenant_id", "impersonator_id", "recorded_at"),
        Q(impersonator_id__isnull=False),
    ),
    ("security_record_by_subject", ("subject_id", "recorded_at", "event_id"), None),
    ("security_record_by_outcome", ("tenant_id", "outcome", "recorded_at"), ~Q(outcome="success")),
    ("security_record_by_session", ("tenant_id", "session_id", "recorded_at"), ~Q(session_id="")),
    ("security_record_by_address", ("tenant_id", "address", "recorded_at"), ~Q(address="")),
    ("security_record_by_reason", ("tenant_id", "reason_key", "recorded_at"), ~Q(reason_key="")),
]


def index(name: str, fields: tuple[str, ...], condition: Q | None) -> models.Index:
    return models.Index(fields=fields, name=name, condition=condition)


def let_the_application_make_partitions(apps: Any, schema_editor: Any) -> None:
    application = roles_of(schema_editor.connection.alias).application
    schema_editor.execute(f'grant execute on function audit_create_partitions(integer) to "{application}"')


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="SecurityChain",
            fields=[
                (
                    "tenant_id",
                    models.UUIDField(
                        default=apps.core.tenancy.context.require_tenant_id, primary_key=True, serialize=False
                    ),
                ),
                ("sequence", models.BigIntegerField(default=0, help_text="Of the last record; 0: there is none.")),
                ("hash", models.TextField(default=NO_HASH)),
                ("recorded_at", models.DateTimeField(null=True)),
                (
                    "base_sequence",
                    models.BigIntegerField(default=0, help_text="Of the last record that retention took away."),
                ),
                ("base_hash", models.TextField(default=NO_HASH)),
                (
                    "anchored_sequence",
                    models.BigIntegerField(default=0, help_text="Where the last checkpoint was made."),
                ),
                ("seal", models.BinaryField(default=bytes)),
            ],
            options={"db_table": "audit_security_chain"},
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(RECORD, "drop table audit_security_record")],
            state_operations=[
                migrations.CreateModel(
                    name="SecurityRecord",
                    fields=[
                        ("event_id", models.UUIDField(primary_key=True, serialize=False)),
                        ("tenant_id", models.UUIDField(default=apps.core.tenancy.context.require_tenant_id)),
                        ("sequence", models.BigIntegerField(help_text="Place in the chain, from 1, without gaps.")),
                        ("at", models.DateTimeField(help_text="When it happened.")),
                        ("recorded_at", models.DateTimeField(help_text="When it got its place in the chain.")),
                        ("kind", models.TextField()),
                        ("outcome", models.TextField()),
                        ("actor_kind", models.TextField()),
                        ("actor_id", models.UUIDField(null=True)),
                        ("actor_name", models.TextField()),
                        ("impersonator_id", models.UUIDField(help_text="Who acted in the actor's name.", null=True)),
                        ("impersonator_name", models.TextField()),
                        ("subject_id", models.UUIDField(help_text="Whose security it is about.")),
                        ("address", models.TextField()),
                        ("user_agent", models.TextField()),
                        ("session_id", models.TextField()),
                        ("reason", models.TextField()),
                        ("details", models.JSONField(default=dict)),
                        ("trace_id", models.TextField()),
                        ("previous_hash", models.TextField()),
                        ("hash", models.TextField()),
                        ("actor_key", models.TextField()),
                        ("reason_key", models.TextField()),
                    ],
                    options={
                        "db_table": "audit_security_record",
                        "ordering": ["-recorded_at", "-event_id"],
                        "indexes": [index(*given) for given in INDEXES],
                    },
                ),
            ],
        ),
        TenantIsolation("SecurityChain"),
        TenantIsolation("SecurityRecord"),
        OwnRows("SecurityRecord", "subject_id"),
        migrations.RunSQL(APPEND_ONLY, UNDO_APPEND_ONLY),
        migrations.RunSQL(CREATE_PARTITIONS, "drop function audit_create_partitions(integer)"),
        migrations.RunPython(let_the_application_make_partitions, migrations.RunPython.noop),
    ]
