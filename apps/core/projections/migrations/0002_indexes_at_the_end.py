"""A shadow gets the indexes that only readers need once its rows are there: to keep them up with each row costs half of
what a row costs.
"""

from __future__ import annotations

from typing import Any

from django.db import migrations

from apps.core.db.roles import roles_of

# As before, but of the indexes only those that keep something unique: they are what rows are found by meanwhile.
PREPARE = """
create or replace function projections_prepare(names text[]) returns void
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
              and indisunique and not exists (select from pg_constraint where conindid = indexrelid)
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

# Safe to repeat. A new table that nobody has looked through makes the planner guess.
INDEX = """
create function projections_index(names text[]) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    name text;
    item record;
begin
    foreach name in array names loop
        perform projections_check(name);
        for item in
            select pg_get_indexdef(indexrelid) as definition from pg_index join pg_class on pg_class.oid = indexrelid
            where indrelid = format('public.%I', name)::regclass and not indisunique
              and to_regclass(format('projections_shadow.%I', relname)) is null
        loop
            execute replace(item.definition, format(' ON public.%I ', name), format(' ON projections_shadow.%I ', name));
        end loop;
        execute format('analyze projections_shadow.%I', name);
    end loop;
end $$;
"""


def let_in(apps: Any, schema_editor: Any) -> None:
    schema_editor.execute("revoke all on function projections_index(text[]) from public")
    role = roles_of(schema_editor.connection.alias).application
    schema_editor.execute(f'grant execute on function projections_index(text[]) to "{role}"')


class Migration(migrations.Migration):
    dependencies = [("projections", "0001_initial")]

    operations = [
        migrations.RunSQL(PREPARE, migrations.RunSQL.noop),
        migrations.RunSQL(INDEX, "drop function projections_index(text[])"),
        migrations.RunPython(let_in, migrations.RunPython.noop),
    ]
