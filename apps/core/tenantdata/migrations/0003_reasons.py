"""Why somebody changed a row may tell of the person whom the row is about: it can be forgotten with them."""

from typing import Any

from django.db import migrations

from apps.core.db.roles import roles_of

# As tenantdata_forget: as the owner, past the triggers that keep history as it was, for a person whose erasure was
# ordered. It puts one and the same text in the place of a reason, and changes nothing else.
FORGET = """
create function tenantdata_forget_reasons(of_history regclass, whose name, person uuid) returns integer
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    changed integer;
begin
    if not exists (select from tenantdata_person_warrant where person_id = person) then
        raise exception 'no erasure of person % was ordered', person using errcode = 'insufficient_privilege';
    end if;
    if not exists (select from pg_class c join pg_attribute a on a.attrelid = c.oid
                   where c.oid = of_history and c.relnamespace = 'public'::regnamespace and a.attname = 'pgh_context') then
        raise exception '% is no history', of_history using errcode = 'insufficient_privilege';
    end if;
    perform set_config('pgtrigger.ignore', (
        select coalesce(array_agg(tgname), '{}')::text from pg_trigger where tgrelid = of_history and not tgisinternal
    ), true);
    execute format('update %s set pgh_context = pgh_context || $1 where %I = $2 and pgh_context->>%L not in (%L, %L)',
                   of_history, whose, 'reason', '', '[erased]') using '{"reason": "[erased]"}'::jsonb, person;
    get diagnostics changed = row_count;
    perform set_config('pgtrigger.ignore', '{}', true);
    return changed;
end $$;
revoke all on function tenantdata_forget_reasons(regclass, name, uuid) from public;
"""


def let_application_in(apps: Any, schema_editor: Any) -> None:
    role = roles_of(schema_editor.connection.alias).application
    schema_editor.execute(f'grant execute on function tenantdata_forget_reasons(regclass, name, uuid) to "{role}"')


class Migration(migrations.Migration):
    dependencies = [("tenantdata", "0002_people")]

    operations = [
        migrations.RunSQL(FORGET, "drop function tenantdata_forget_reasons(regclass, name, uuid)"),
        migrations.RunPython(let_application_in, migrations.RunPython.noop),
    ]
