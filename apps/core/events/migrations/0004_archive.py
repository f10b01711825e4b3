"""Old months of the log leave for files: a record of each, and what the relay may do about partitions."""

from __future__ import annotations

from typing import Any

from django.db import migrations, models

from apps.core.db.roles import roles_of
from apps.core.tenancy.isolation import TenantIsolation

# Runs as the owner. The partition is locked against writers, then compared: what is not in a recorded file stays.
DROP_ARCHIVED = """
create function events_drop_archived(month date) returns bigint
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    part text := 'events_event_' || to_char(month, 'YYYYMM');
    next timestamptz := (month + interval '1 month') at time zone 'UTC';
    missing bigint;
    dropped bigint;
begin
    if to_regclass(part) is null then
        return 0;
    end if;
    execute format('lock table %I in share mode', part);
    if exists (select from events_pending where recorded_at < next) then
        raise exception '% has events without a place', part;
    end if;
    execute format('select count(*) from (select tenant_id, count(*) as rows from %I group by tenant_id) there '
                   'where not exists (select from events_archive kept where kept.month = $1 '
                   'and kept.tenant_id = there.tenant_id and kept.rows = there.rows)', part) into missing using month;
    if missing > 0 then
        raise exception '% has events of % tenants that are in no file', part, missing;
    end if;
    execute format('select count(*) from %I', part) into dropped;
    execute format('alter table events_event detach partition %I', part);
    execute format('drop table %I', part);
    return dropped;
end $$;
revoke all on function events_drop_archived(date) from public;
"""

PRUNE_POSITIONS = """
create function events_prune_positions(month date, first bigint, before bigint) returns bigint
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    pruned bigint;
begin
    if to_regclass('events_event_' || to_char(month, 'YYYYMM')) is not null then
        return 0;
    end if;
    delete from events_position where position >= first and position < before
        and recorded_at >= month::timestamp at time zone 'UTC' and recorded_at < (month + interval '1 month') at time zone 'UTC';
    get diagnostics pruned = row_count;
    return pruned;
end $$;
revoke all on function events_prune_positions(date, bigint, bigint) from public;
"""


def let_roles_in(apps: Any, schema_editor: Any) -> None:
    """The relay archives for every tenant; the owner compares before it drops."""
    roles = roles_of(schema_editor.connection.alias)
    schema_editor.execute(
        f'create policy relay_archives on events_archive to "{roles.relay}" using (true) with check (true)'
    )
    schema_editor.execute(f'create policy owner_compares on events_archive for select to "{roles.owner}" using (true)')
    schema_editor.execute(f'grant execute on function events_drop_archived(date) to "{roles.relay}"')
    schema_editor.execute(f'grant execute on function events_prune_positions(date, bigint, bigint) to "{roles.relay}"')


def keep_roles_out(apps: Any, schema_editor: Any) -> None:
    schema_editor.execute("drop policy owner_compares on events_archive")
    schema_editor.execute("drop policy relay_archives on events_archive")


class Migration(migrations.Migration):
    dependencies = [("events", "0003_consumer_fleet")]

    operations = [
        migrations.CreateModel(
            name="ArchivedMonth",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "tenant_id", "month", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("tenant_id", models.UUIDField()),
                ("month", models.DateField(help_text="Its first day.")),
                ("file", models.TextField(help_text="In the storage `archive`.")),
                ("rows", models.BigIntegerField()),
                ("sha256", models.TextField()),
                ("first_position", models.BigIntegerField()),
                ("last_position", models.BigIntegerField()),
                ("archived_at", models.DateTimeField()),
            ],
            options={
                "db_table": "events_archive",
                "indexes": [models.Index(fields=["last_position"], name="events_archive_by_position")],
            },
        ),
        TenantIsolation("ArchivedMonth"),
        migrations.RunSQL(DROP_ARCHIVED, "drop function events_drop_archived(date)"),
        migrations.RunSQL(PRUNE_POSITIONS, "drop function events_prune_positions(date, bigint, bigint)"),
        migrations.RunPython(let_roles_in, keep_roles_out),
    ]
