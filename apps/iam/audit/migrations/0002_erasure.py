from django.db import migrations

# A tenant that goes takes its chain with it: `tenantdata_erase`, which runs as the owner for a tenant whose erasure was
# ordered, says whose rows it deletes. Nothing else is let through, and no update ever.
ERASURE_GOES_THROUGH = """
create or replace function audit_refuse_change() returns trigger language plpgsql as $$
begin
    if tg_level = 'ROW' and tg_op = 'DELETE' then
        if old.tenant_id::text = nullif(current_setting('app.erasing', true), '') then
            return old;
        end if;
    end if;
    raise exception 'the security log is written once: % of % is refused', tg_op, tg_table_name
        using errcode = 'restrict_violation';
end $$;

create or replace function audit_chain_moves_on() returns trigger language plpgsql as $$
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
"""

REFUSE_ERASURE = """
create or replace function audit_refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'the security log is written once: % of % is refused', tg_op, tg_table_name
        using errcode = 'restrict_violation';
end $$;

create or replace function audit_chain_moves_on() returns trigger language plpgsql as $$
begin
    if tg_op <> 'UPDATE' or new.tenant_id <> old.tenant_id or new.sequence < old.sequence
       or new.base_sequence < old.base_sequence then
        raise exception 'a chain of the security log only moves forwards'
            using errcode = 'restrict_violation';
    end if;
    return new;
end $$;
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_security_log")]

    operations = [migrations.RunSQL(ERASURE_GOES_THROUGH, REFUSE_ERASURE)]
