from typing import Any

import django.utils.timezone
from django.db import migrations, models

import apps.core.db.ids
from apps.core.db.roles import roles_of

# Runs as the owner, who alone may delete from tables that are written once, and under the tenant's policy all the same:
# row-level security is forced. Triggers that keep history, or refuse deletes, are passed by for this statement only.
ERASE = """
create function tenantdata_erase(of_table regclass, through regclass, at_most integer) returns integer
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    company uuid := nullif(current_setting('app.tenant_id', true), '')::uuid;
    of_company text;
    erased integer;
begin
    if company is null or not exists (select from tenantdata_erasure_warrant where company_id = company) then
        raise exception 'no erasure of tenant % was ordered', company using errcode = 'insufficient_privilege';
    end if;
    if not exists (select from pg_class c join pg_attribute a on a.attrelid = c.oid
                   where c.oid = coalesce(through, of_table) and c.relnamespace = 'public'::regnamespace
                     and c.relkind in ('r', 'p') and a.attname = 'tenant_id' and not a.attisdropped) then
        raise exception '% holds no rows of tenants', coalesce(through, of_table)
            using errcode = 'insufficient_privilege';
    end if;
    of_company := 'tenant_id = $1';
    if through is not null then
        select string_agg(format('%I in (select %I from %s where tenant_id = $1)', mine.attname, its.attname, through), ' or ')
        into of_company from pg_constraint f
        join pg_attribute mine on mine.attrelid = f.conrelid and mine.attnum = f.conkey[1]
        join pg_attribute its on its.attrelid = f.confrelid and its.attnum = f.confkey[1]
        where f.contype = 'f' and f.conrelid = of_table and f.confrelid = through and cardinality(f.conkey) = 1;
        if of_company is null then
            raise exception '% does not refer to %', of_table, through using errcode = 'insufficient_privilege';
        end if;
    end if;
    perform set_config('app.erasing', company::text, true);
    perform set_config('pgtrigger.ignore', (
        select coalesce(array_agg(tgname), '{}')::text from pg_trigger where tgrelid = of_table and not tgisinternal
    ), true);
    execute format('delete from %s where (%s) and ctid = any(array(select ctid from %s where (%s) limit $2))',
                   of_table, of_company, of_table, of_company)
        using company, at_most;
    get diagnostics erased = row_count;
    perform set_config('pgtrigger.ignore', '{}', true);
    perform set_config('app.erasing', '', true);
    return erased;
end $$;
revoke all on function tenantdata_erase(regclass, regclass, integer) from public;
"""


def let_application_in(apps: Any, schema_editor: Any) -> None:
    role = roles_of(schema_editor.connection.alias).application
    schema_editor.execute(f'grant execute on function tenantdata_erase(regclass, regclass, integer) to "{role}"')


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="ErasureWarrant",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.db.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("company_id", models.UUIDField(help_text="The tenant that goes.", unique=True)),
                ("reason", models.CharField(max_length=500)),
                ("ordered_by", models.UUIDField(null=True)),
                ("ordered_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={"db_table": "tenantdata_erasure_warrant"},
        ),
        migrations.RunSQL(ERASE, "drop function tenantdata_erase(regclass, regclass, integer)"),
        migrations.RunPython(let_application_in, migrations.RunPython.noop),
    ]
