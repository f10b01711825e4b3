"""What PostgreSQL itself must hold: looked up in its catalogue, not in the migrations."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connections, models, router

from apps.core.db.router import alias_for
from apps.core.tenancy.selftest import assert_isolated, tenant_models, weaknesses

ALIASES = ("default", "business")
LIBRARY_APPS = {"admin", "auth", "contenttypes", "sessions", "oauth2_provider", "pghistory", "pgtrigger", "unfold"}


def named(value: object) -> str:
    return value._meta.label if isinstance(value, type) and issubclass(value, models.Model) else str(value)


def tenant_tables(alias: str) -> list[str]:
    """The quoted names of the tables that hold tenants' rows."""
    return [f'"{model._meta.db_table}"' for model in tenant_models(alias)]


def rows(alias: str, statement: str, *values: object) -> list[tuple]:
    with connections[alias].cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()


def references_to_tenant_tables(model: type[models.Model]) -> set[str]:
    """The columns that refer to rows of a tenant; histories refer to nothing that must still be there."""
    return {
        field.column
        for field in model._meta.concrete_fields
        if isinstance(field, models.ForeignKey)
        and not field.name.startswith("pgh_")
        and not model.__name__.endswith("History")
        and any(f.column == "tenant_id" for f in field.remote_field.model._meta.concrete_fields)
    }


def service_of(model: type[models.Model]) -> str:
    return model.__module__.split(".")[1] if model.__module__.startswith("apps.") else "library"


@pytest.mark.django_db
class TestTenantTables:
    @pytest.mark.parametrize("alias", ALIASES)
    def test_the_application_cannot_pass_row_level_security_by(self, alias):
        assert weaknesses(alias) == []
        assert_isolated(alias)

    @pytest.mark.parametrize("alias", ALIASES)
    def test_each_is_kept_apart_by_a_policy_that_is_read_once_per_execution(self, alias):
        statement = (
            "select pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid) from pg_policy "
            "where polrelid = %s::regclass and polname = 'tenant_isolation'"
        )
        for table in tenant_tables(alias):
            policies = rows(alias, statement, table)
            assert len(policies) == 1, table
            using, check = policies[0]
            assert using.upper().count("SELECT") == 1, f"{table}: a bare current_setting() is read for each row"
            assert "app.tenant_id" in using, table
            assert "app.tenant_id" in (check or using), table

    @pytest.mark.parametrize("alias", ALIASES)
    def test_each_policy_for_the_application_is_one_that_is_known(self, alias):
        application = settings.DATABASE_ROLES[alias]["application"]
        statement = (
            "select polname from pg_policy where polrelid = %s::regclass "
            "and (polroles = '{0}' or %s::regrole = any(polroles))"
        )
        for table in tenant_tables(alias):
            names = {name for (name,) in rows(alias, statement, table, application)}
            assert names <= {"tenant_isolation", "own_rows"}, table

    @pytest.mark.parametrize("alias", ALIASES)
    def test_each_foreign_key_and_unique_constraint_leads_with_the_tenant(self, alias):
        """Constraint checks pass row-level security by, and so would tell that another tenant's row exists."""
        unique = """
            select i.relname, array(
                select attname::text from unnest(x.indkey[:x.indnkeyatts - 1]) with ordinality k(n, place)
                join pg_attribute a on a.attrelid = x.indrelid and a.attnum = k.n order by place)
            from pg_index x join pg_class i on i.oid = indexrelid
            where indrelid = %s::regclass and indisunique and not indisprimary
        """
        foreign = (
            "select conname, "
            "(select attname::text from pg_attribute where attrelid = conrelid and attnum = conkey[1]) "
            "from pg_constraint where conrelid = %s::regclass and contype = 'f' and exists "
            "(select from pg_attribute where attrelid = confrelid and attname = 'tenant_id')"
        )
        for table in tenant_tables(alias):
            assert {name: columns for name, columns in rows(alias, unique, table) if columns[:1] != ["tenant_id"]} == {}
            assert {name: column for name, column in rows(alias, foreign, table) if column != "tenant_id"} == {}

    @pytest.mark.parametrize("alias", ALIASES)
    def test_each_reference_to_another_tenant_table_is_a_composite_key(self, alias):
        statement = (
            "select (select attname::text from pg_attribute where attrelid = conrelid and attnum = conkey[2]) "
            "from pg_constraint where conrelid = %s::regclass and contype = 'f' and cardinality(conkey) = 2"
        )
        for model in tenant_models(alias):
            held = {column for (column,) in rows(alias, statement, f'"{model._meta.db_table}"')}
            assert references_to_tenant_tables(model) <= held, named(model)

    @pytest.mark.parametrize("alias", ALIASES)
    def test_no_partition_is_granted_to_anybody(self, alias):
        with connections[alias].cursor() as cursor:
            cursor.execute(
                "select relname, r.rolname from pg_class c cross join pg_roles r "
                "where relispartition and relkind = 'r' and r.rolname = any(%s) "
                "and has_table_privilege(r.oid, c.oid, 'select, insert, update, delete')",
                [[settings.DATABASE_ROLES[alias][role] for role in ("application", "relay")]],
            )
            assert cursor.fetchall() == []


class TestServices:
    def test_no_foreign_key_leaves_its_service(self):
        crossings = [
            f"{model._meta.label}.{field.name}"
            for model in apps.get_models(include_auto_created=True)
            for field in model._meta.concrete_fields
            if isinstance(field, models.ForeignKey) and alias_for(model) != alias_for(field.remote_field.model)
        ]

        assert crossings == []

    def test_each_table_has_exactly_one_home_or_is_in_every_database(self):
        own = [m for m in apps.get_models() if m._meta.app_label not in LIBRARY_APPS and m._meta.managed]
        for model in own:
            homes = [alias for alias in ALIASES if router.allow_migrate_model(alias, model)]
            everywhere = model._meta.app_label in settings.APPS_IN_EVERY_DATABASE
            assert homes == (list(ALIASES) if everywhere else [alias_for(model)]), named(model)
