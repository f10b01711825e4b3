"""The log, partitioned by the month of recording, its queue and order, and what its readers remember."""

from __future__ import annotations

from typing import Any

from django.db import migrations, models

import apps.core.db.ids
from apps.core.db.roles import roles_of
from apps.core.tenancy.isolation import TenantIsolation

EVENT = """
create table events_event (
    id uuid not null,
    -- Not the start of the transaction: within an aggregate the times must rise with the sequence.
    recorded_at timestamptz not null default clock_timestamp(),
    tenant_id uuid not null,
    aggregate_type text not null,
    aggregate_id uuid not null,
    sequence integer not null,
    type text not null,
    version smallint not null,
    topic text not null,
    payload jsonb not null,
    causation_id uuid not null,
    correlation_id text not null,
    user_id uuid,
    impersonator_id uuid,
    traceparent text not null,
    origin jsonb,
    primary key (id, recorded_at)
) partition by range (recorded_at);
create index events_event_of_aggregate on events_event (aggregate_id, sequence);
create index events_event_of_tenant on events_event (tenant_id, recorded_at);
create table events_event_default partition of events_event default;
"""

# Runs as the owner of the tables, for a caller that owns none. A month that is already in the default partition is
# moved over; attaching (unlike "create … partition of") lets readers and writers of the other partitions go on.
CREATE_PARTITIONS = """
create function events_create_partitions(months_ahead integer) returns integer
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    this_month timestamp := date_trunc('month', now() at time zone 'UTC');
    first timestamptz;
    next timestamptz;
    part text;
    made integer := 0;
begin
    perform pg_advisory_xact_lock(hashtext('events_create_partitions'));
    for ahead in 0..least(months_ahead, 24) loop
        first := (this_month + make_interval(months => ahead)) at time zone 'UTC';
        next := (this_month + make_interval(months => ahead + 1)) at time zone 'UTC';
        part := 'events_event_' || to_char(first at time zone 'UTC', 'YYYYMM');
        continue when to_regclass(part) is not null;
        execute format('create table %I (like events_event including defaults)', part);
        execute format('with moved as (delete from events_event_default where recorded_at >= %L and recorded_at < %L '
                       'returning *) insert into %I select * from moved', first, next, part);
        execute format('alter table events_event attach partition %I for values from (%L) to (%L)', part, first, next);
        made := made + 1;
    end loop;
    return made;
end $$;
revoke all on function events_create_partitions(integer) from public;
"""

# A queue: its dead rows would slow the scan of its head, so they are cleared away early.
TUNING = """
alter table events_pending set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,
                                autovacuum_vacuum_cost_delay = 0);
alter table events_stream set (fillfactor = 80);
alter table events_consumer_offset set (fillfactor = 50);
"""


def let_roles_in(apps: Any, schema_editor: Any) -> None:
    """The relay reads events of every tenant, and of dead letters where they are; the application makes partitions."""
    roles = roles_of(schema_editor.connection.alias)
    schema_editor.execute(f'create policy relay_reads on events_event for select to "{roles.relay}" using (true)')
    schema_editor.execute(f'create policy relay_reads on events_dead_letter for select to "{roles.relay}" using (true)')
    schema_editor.execute(
        f'grant execute on function events_create_partitions(integer) to "{roles.application}", "{roles.relay}"'
    )


def keep_roles_out(apps: Any, schema_editor: Any) -> None:
    schema_editor.execute("drop policy relay_reads on events_dead_letter")
    schema_editor.execute("drop policy relay_reads on events_event")


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="ConsumerOffset",
            fields=[
                ("group", models.TextField(primary_key=True, serialize=False)),
                ("position", models.BigIntegerField()),
                ("updated_at", models.DateTimeField()),
            ],
            options={"db_table": "events_consumer_offset"},
        ),
        migrations.CreateModel(
            name="Pending",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("event_id", models.UUIDField()),
                ("recorded_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Position",
            fields=[
                ("position", models.BigAutoField(primary_key=True, serialize=False)),
                ("event_id", models.UUIDField()),
                ("recorded_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Stream",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "tenant_id", "aggregate_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("tenant_id", models.UUIDField()),
                ("aggregate_id", models.UUIDField()),
                ("version", models.IntegerField(help_text="Sequence of the last event.")),
            ],
        ),
        migrations.CreateModel(
            name="DeadLetter",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.db.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("tenant_id", models.UUIDField()),
                ("group", models.TextField()),
                ("key", models.UUIDField(help_text="Id of the aggregate.")),
                ("event_id", models.UUIDField()),
                ("event_type", models.TextField()),
                ("sequence", models.IntegerField(help_text="Order within the key.")),
                ("envelope", models.JSONField()),
                (
                    "status",
                    models.TextField(
                        choices=[
                            ("parked", "Parked"),
                            ("retrying", "Retrying"),
                            ("resolved", "Resolved"),
                            ("discarded", "Discarded"),
                        ],
                        default="parked",
                    ),
                ),
                ("failed", models.BooleanField(help_text="False: it only waits behind one that failed.")),
                ("reason", models.TextField()),
                ("traceback", models.TextField(default="")),
                ("attempts", models.IntegerField(default=0)),
                ("parked_at", models.DateTimeField()),
                ("settled_at", models.DateTimeField(null=True)),
                ("settled_by", models.UUIDField(null=True)),
                ("settled_because", models.TextField(default="")),
            ],
            options={
                "db_table": "events_dead_letter",
                "indexes": [
                    models.Index(
                        condition=models.Q(("status__in", ["parked", "retrying"])),
                        fields=["tenant_id", "group", "key", "sequence"],
                        name="events_dead_letter_open",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("tenant_id", "group", "event_id"), name="events_dead_letter_once")
                ],
            },
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(EVENT, "drop table events_event")],
            state_operations=[
                migrations.CreateModel(
                    name="Event",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "id", "recorded_at", blank=True, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("id", models.UUIDField()),
                        ("recorded_at", models.DateTimeField()),
                        ("tenant_id", models.UUIDField()),
                        ("aggregate_type", models.TextField()),
                        ("aggregate_id", models.UUIDField()),
                        ("sequence", models.IntegerField(help_text="Place in the aggregate's stream, from 1.")),
                        ("type", models.TextField()),
                        ("version", models.SmallIntegerField(help_text="Of the schema.")),
                        ("topic", models.TextField()),
                        ("payload", models.JSONField()),
                        ("causation_id", models.UUIDField()),
                        ("correlation_id", models.TextField()),
                        ("user_id", models.UUIDField(null=True)),
                        (
                            "impersonator_id",
                            models.UUIDField(null=True, help_text="Who acted in the name of `user_id`."),
                        ),
                        ("traceparent", models.TextField()),
                        (
                            "origin",
                            models.JSONField(
                                null=True, help_text="Who acted, from where; for events that remember it."
                            ),
                        ),
                    ],
                    options={
                        "indexes": [
                            models.Index(fields=["aggregate_id", "sequence"], name="events_event_of_aggregate"),
                            models.Index(fields=["tenant_id", "recorded_at"], name="events_event_of_tenant"),
                        ],
                    },
                ),
            ],
        ),
        migrations.CreateModel(
            name="Inbox",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "group", "event_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("group", models.TextField()),
                ("event_id", models.UUIDField()),
                ("handled_at", models.DateTimeField()),
            ],
            options={
                "indexes": [models.Index(fields=["handled_at"], name="events_inbox_by_age")],
            },
        ),
        migrations.RunSQL(CREATE_PARTITIONS, "drop function events_create_partitions(integer)"),
        migrations.RunSQL(TUNING, migrations.RunSQL.noop),
        TenantIsolation("Stream"),
        TenantIsolation("Event"),
        TenantIsolation("DeadLetter"),
        migrations.RunPython(let_roles_in, keep_roles_out),
    ]
