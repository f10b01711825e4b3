from typing import Any

import django.utils.timezone
from django.db import migrations, models

from apps.core.db.roles import roles_of

# As tenantdata_erase: as the owner, past the triggers that keep history as it was, for a person whose erasure was
# ordered. It puts one and the same text in the place of a text, and changes nothing else.
FORGET = """
create function tenantdata_forget(of_table regclass, of_column name, whose name, person uuid) returns integer
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    kind text;
    nothing text := '[erased]';
    changed integer;
begin
    if not exists (select from tenantdata_person_warrant where person_id = person) then
        raise exception 'no erasure of person % was ordered', person using errcode = 'insufficient_privilege';
    end if;
    select format_type(a.atttypid, null) into kind from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.oid = of_table and c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
      and a.attname = of_column and not a.attisdropped;
    if kind is null or kind not in ('text', 'character varying', 'jsonb') then
        raise exception '% of % holds no text', of_column, of_table using errcode = 'insufficient_privilege';
    end if;
    if kind = 'jsonb' then
        nothing := '{}';
    elsif exists (select from pg_index x join pg_attribute a on a.attrelid = x.indrelid and a.attnum = any(x.indkey)
                  where x.indrelid = of_table and x.indisunique and a.attname = of_column) then
        nothing := '[erased] ' || person;
    end if;
    perform set_config('pgtrigger.ignore', (
        select coalesce(array_agg(tgname), '{}')::text from pg_trigger where tgrelid = of_table and not tgisinternal
    ), true);
    execute format('update %s set %I = $1::%s where %I = $2 and %I::text not in ($1, %L)',
                   of_table, of_column, kind, whose, of_column, '') using nothing, person;
    get diagnostics changed = row_count;
    perform set_config('pgtrigger.ignore', '{}', true);
    return changed;
end $$;
revoke all on function tenantdata_forget(regclass, name, name, uuid) from public;

create function tenantdata_forget_actor(of_history regclass, person uuid, behind bigint, at_most integer) returns bigint
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    last bigint;
begin
    if not exists (select from tenantdata_person_warrant where person_id = person) then
        raise exception 'no erasure of person % was ordered', person using errcode = 'insufficient_privilege';
    end if;
    if not exists (select from pg_class c join pg_attribute a on a.attrelid = c.oid
                   where c.oid = of_history and c.relnamespace = 'public'::regnamespace and a.attname = 'pgh_context') then
        raise exception '% is no history', of_history using errcode = 'insufficient_privilege';
    end if;
    execute format('select max(pgh_id) from (select pgh_id from %s where pgh_id > $1 order by pgh_id limit $2) page',
                   of_history) into last using behind, at_most;
    perform set_config('pgtrigger.ignore', (
        select coalesce(array_agg(tgname), '{}')::text from pg_trigger where tgrelid = of_history and not tgisinternal
    ), true);
    execute format(
        'update %s set pgh_context = pgh_context || $1 where pgh_id > $2 and pgh_id <= $3 and pgh_context->>%L = $4',
        of_history, 'actor_id') using '{"actor_name": "[erased]"}'::jsonb, behind, last, person::text;
    execute format(
        'update %s set pgh_context = pgh_context || $1 where pgh_id > $2 and pgh_id <= $3 and pgh_context->>%L = $4',
        of_history, 'impersonator_id') using '{"impersonator_name": "[erased]"}'::jsonb, behind, last, person::text;
    perform set_config('pgtrigger.ignore', '{}', true);
    return last;
end $$;
revoke all on function tenantdata_forget_actor(regclass, uuid, bigint, integer) from public;
"""
UNDO = """
drop function tenantdata_forget(regclass, name, name, uuid);
drop function tenantdata_forget_actor(regclass, uuid, bigint, integer);
"""


def let_application_in(apps: Any, schema_editor: Any) -> None:
    role = roles_of(schema_editor.connection.alias).application
    for function in (
        "tenantdata_forget(regclass, name, name, uuid)",
        "tenantdata_forget_actor(regclass, uuid, bigint, integer)",
    ):
        schema_editor.execute(f'grant execute on function {function} to "{role}"')


class Migration(migrations.Migration):
    dependencies = [("tenantdata", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="PersonWarrant",
            fields=[
                ("person_id", models.UUIDField(primary_key=True, serialize=False)),
                ("ordered_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={"db_table": "tenantdata_person_warrant"},
        ),
        migrations.RunSQL(FORGET, UNDO),
        migrations.RunPython(let_application_in, migrations.RunPython.noop),
    ]
