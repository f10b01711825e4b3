from typing import Any

from django.db import migrations

from apps.core.db.roles import roles_of

# Runs as the owner, who alone may delete sagas and their journals, and under the tenant's policy all the same: row-level
# security is forced. What is open, or was closed within 30 days, nobody deletes this way.
FORGET = """
create function sagas_forget_closed(before timestamptz, at_most integer) returns integer
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    company uuid := nullif(current_setting('app.tenant_id', true), '')::uuid;
    old uuid[];
begin
    if before > now() - interval '30 days' then
        raise exception 'closed sagas are kept for 30 days' using errcode = 'insufficient_privilege';
    end if;
    old := array(select id from sagas_instance where tenant_id = company and closed_at < before limit at_most for update);
    delete from sagas_entry where tenant_id = company and instance_id = any(old);
    delete from sagas_instance where tenant_id = company and id = any(old);
    return cardinality(old);
end $$;
revoke all on function sagas_forget_closed(timestamptz, integer) from public;
"""


def let_application_in(apps: Any, schema_editor: Any) -> None:
    role = roles_of(schema_editor.connection.alias).application
    schema_editor.execute(f'grant execute on function sagas_forget_closed(timestamptz, integer) to "{role}"')


class Migration(migrations.Migration):
    dependencies = [("sagas", "0001_initial")]

    operations = [
        migrations.RunSQL(FORGET, "drop function sagas_forget_closed(timestamptz, integer)"),
        migrations.RunPython(let_application_in, migrations.RunPython.noop),
    ]
