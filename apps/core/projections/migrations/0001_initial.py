"""Rebuilds, and the functions that make shadows of a projection's tables and put them in place."""

from __future__ import annotations

from typing import Any

import django.utils.timezone
from django.db import migrations, models

import apps.core.db.ids
from apps.core.db.roles import roles_of

SCHEMAS = ("projections_shadow", "projections_previous")
SIGNATURES = (
    "projections_prepare(text[])",
    "projections_put_in_place(text[])",
    "projections_take_back(text[])",
    "projections_drop(text[], text)",
)

# The functions run as the owner of the tables, for a caller that owns none; so they touch nothing but tables that a
# migration has marked (apps/core/projections/tables.py), and only those that stand on their own.
CHECK = """
create function projections_check(name text) returns void
language plpgsql set search_path = public, pg_temp as $$
declare
    marked regclass := to_regclass(format('public.%I', name));
begin
    if marked is null or obj_description(marked, 'pg_class') is distinct from 'projection' then
        raise exception '% is no table of a projection', name using errcode = 'insufficient_privilege';
    end if;
    if exists (select from pg_constraint where confrelid = marked) then
        raise exception '% is referred to by another table, so that it cannot be exchanged', name;
    end if;
    if exists (select from pg_trigger where tgrelid = marked and not tgisinternal) then
        raise exception '% has triggers, so that it cannot be exchanged', name;
    end if;
end $$;
revoke all on function projections_check(text) from public;
"""

# Names of indexes and constraints are kept, so that later migrations find them: they only have to be unique in a schema.
PREPARE = """
create function projections_prepare(names text[]) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    name text;
    item record;
begin
    foreach name in array names loop
        perform projections_check(name);
        execute format('drop table if exists projections_shadow.%I', name);
        execute format('create table projections_shadow.%I (like public.%I including defaults including generated '
                       'including identity including storage including compression)', name, name);
        for item in
            select conname, pg_get_constraintdef(oid) as definition from pg_constraint
            where conrelid = format('public.%I', name)::regclass and contype in ('p', 'u', 'c', 'f', 'x')
            order by contype <> 'p', conname
        loop
            execute format('alter table projections_shadow.%I add constraint %I %s', name, item.conname, item.definition);
        end loop;
        for item in
            select pg_get_indexdef(indexrelid) as definition from pg_index
            where indrelid = format('public.%I', name)::regclass
              and not exists (select from pg_constraint where conindid = indexrelid)
        loop
            execute replace(item.definition, format(' ON public.%I ', name), format(' ON projections_shadow.%I ', name));
        end loop;
        execute format('alter table projections_shadow.%I enable row level security', name);
        execute format('alter table projections_shadow.%I force row level security', name);
        for item in select * from pg_policies where schemaname = 'public' and tablename = name loop
            execute format('create policy %I on projections_shadow.%I as %s for %s to %s', item.policyname, name,
                           item.permissive, item.cmd, (select string_agg(quote_ident(r), ', ') from unnest(item.roles) r))
                || coalesce(' using (' || item.qual || ')', '') || coalesce(' with check (' || item.with_check || ')', '');
        end loop;
        for item in
            select grantee::regrole::text as role, string_agg(privilege_type, ', ') as rights
            from pg_class, aclexplode(relacl)
            where pg_class.oid = format('public.%I', name)::regclass and grantee not in (0, relowner) group by grantee
        loop
            execute format('grant %s on projections_shadow.%I to %s', item.rights, name, item.role);
        end loop;
        execute format('comment on table projections_shadow.%I is %L', name, 'projection');
    end loop;
end $$;
"""

# What is kept refers to nothing any more: it must not hold up the deletion of what it referred to.
PUT_IN_PLACE = """
create function projections_put_in_place(names text[]) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    name text;
    item record;
begin
    foreach name in array names loop
        perform projections_check(name);
        execute format('drop table if exists projections_previous.%I', name);
        execute format('alter table public.%I set schema projections_previous', name);
        execute format('alter table projections_shadow.%I set schema public', name);
        for item in
            select conname from pg_constraint
            where conrelid = format('projections_previous.%I', name)::regclass and contype = 'f'
        loop
            execute format('alter table projections_previous.%I drop constraint %I', name, item.conname);
        end loop;
    end loop;
end $$;
"""

TAKE_BACK = """
create function projections_take_back(names text[]) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    name text;
    item record;
begin
    foreach name in array names loop
        perform projections_check(name);
        execute format('drop table if exists projections_shadow.%I', name);
        execute format('alter table projections_previous.%I set schema projections_shadow', name);
        for item in
            select conname, pg_get_constraintdef(oid) as definition from pg_constraint
            where conrelid = format('public.%I', name)::regclass and contype = 'f'
        loop
            execute format('alter table projections_shadow.%I add constraint %I %s', name, item.conname, item.definition);
        end loop;
    end loop;
end $$;
"""

DROP = """
create function projections_drop(names text[], kept_in text) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    name text;
begin
    if kept_in not in ('projections_shadow', 'projections_previous') then
        raise exception '% keeps no shadows', kept_in using errcode = 'insufficient_privilege';
    end if;
    foreach name in array names loop
        execute format('drop table if exists %I.%I', kept_in, name);
    end loop;
end $$;
"""


def make_schemas(apps: Any, schema_editor: Any) -> None:
    """The application reads and writes shadows as it does the tables themselves."""
    roles = roles_of(schema_editor.connection.alias)
    for schema in SCHEMAS:
        schema_editor.execute(f"create schema {schema}")
        schema_editor.execute(f'grant usage on schema {schema} to "{roles.application}"')
    for signature in SIGNATURES:
        schema_editor.execute(f"revoke all on function {signature} from public")
        schema_editor.execute(f'grant execute on function {signature} to "{roles.application}"')


def drop_schemas(apps: Any, schema_editor: Any) -> None:
    for schema in SCHEMAS:
        schema_editor.execute(f"drop schema {schema} cascade")


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Rebuild",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.db.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("projection", models.TextField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("building", "Building"),
                            ("ready", "Ready"),
                            ("failed", "Failed"),
                            ("in_place", "In Place"),
                            ("rolled_back", "Rolled Back"),
                            ("discarded", "Discarded"),
                            ("over", "Over"),
                        ],
                        default="building",
                        max_length=16,
                    ),
                ),
                (
                    "position",
                    models.BigIntegerField(default=0, help_text="Of the last event that the shadow holds."),
                ),
                (
                    "target",
                    models.BigIntegerField(default=0, help_text="Where the log ended when that was last asked."),
                ),
                ("events_done", models.BigIntegerField(default=0)),
                (
                    "lacking",
                    models.JSONField(
                        default=list, help_text="Positions up to `position` that the kept tables do not hold."
                    ),
                ),
                (
                    "differences",
                    models.JSONField(help_text="Between the shadow and what is read, by table.", null=True),
                ),
                ("failure", models.TextField(default="")),
                ("started_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("started_by", models.UUIDField(null=True)),
                ("started_by_name", models.CharField(default="", max_length=200)),
                ("heard_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("ready_at", models.DateTimeField(null=True)),
                ("placed_at", models.DateTimeField(null=True)),
                ("placed_by", models.UUIDField(null=True)),
                ("placed_by_name", models.CharField(default="", max_length=200)),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_by", models.UUIDField(null=True)),
                ("ended_by_name", models.CharField(default="", max_length=200)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["building", "ready", "failed"])),
                        fields=("projection",),
                        name="projections_one_open_rebuild",
                    )
                ],
            },
        ),
        migrations.RunSQL(CHECK, "drop function projections_check(text)"),
        *[
            migrations.RunSQL(statements, f"drop function {signature}")
            for statements, signature in zip((PREPARE, PUT_IN_PLACE, TAKE_BACK, DROP), SIGNATURES, strict=True)
        ],
        migrations.RunPython(make_schemas, drop_schemas),
    ]
