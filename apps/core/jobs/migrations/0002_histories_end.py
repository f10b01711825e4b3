from typing import Any

from django.db import migrations

from apps.core.db.roles import roles_of

# Runs as the owner, who alone may delete histories, and under the tenant's policy all the same: row-level security is
# forced. What is younger than 30 days nobody deletes this way, and nothing of a job that is still there.
FORGET = """
create function jobs_forget_histories(before timestamptz, at_most integer) returns integer
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    company uuid := nullif(current_setting('app.tenant_id', true), '')::uuid;
    forgotten integer;
begin
    if before > now() - interval '30 days' then
        raise exception 'histories of jobs are kept for 30 days' using errcode = 'insufficient_privilege';
    end if;
    perform set_config('pgtrigger.ignore', '{pgtrigger_append_only_7549f}', true);
    delete from jobs_jobhistory where ctid = any(array(
        select told.ctid from jobs_jobhistory told
        where told.tenant_id = company and told.pgh_created_at < before
          and not exists (select from jobs_job where jobs_job.tenant_id = company and jobs_job.id = told.pgh_obj_id)
        limit at_most));
    get diagnostics forgotten = row_count;
    perform set_config('pgtrigger.ignore', '{}', true);
    return forgotten;
end $$;
revoke all on function jobs_forget_histories(timestamptz, integer) from public;
"""


def let_application_in(apps: Any, schema_editor: Any) -> None:
    role = roles_of(schema_editor.connection.alias).application
    schema_editor.execute(f'grant execute on function jobs_forget_histories(timestamptz, integer) to "{role}"')


class Migration(migrations.Migration):
    dependencies = [("jobs", "0001_initial")]

    operations = [
        migrations.RunSQL(FORGET, "drop function jobs_forget_histories(timestamptz, integer)"),
        migrations.RunPython(let_application_in, migrations.RunPython.noop),
    ]
