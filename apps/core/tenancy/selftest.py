"""Refuse to serve when PostgreSQL would not keep tenants apart: configuring isolation is not having it."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connections, models, router


class IsolationBroken(ImproperlyConfigured):
    """The application's role could see or write another tenant's rows."""


def tenant_models(alias: str) -> list[type[models.Model]]:
    """Every model of `alias` with a `tenant_id` column that may not be empty: the tables that belong to tenants."""
    return [
        model
        for model in apps.get_models(include_auto_created=True)
        if router.allow_migrate_model(alias, model)
        and model._meta.managed
        and any(f.column == "tenant_id" and not f.null for f in model._meta.concrete_fields)
    ]


def weaknesses(alias: str) -> list[str]:
    """What would let the connected role pass row-level security by. Empty when nothing would."""
    with connections[alias].cursor() as cursor:
        found = _role_weaknesses(cursor)
        tables = _table_facts(cursor)
    for model in tenant_models(alias):
        found += _table_weaknesses(model._meta.db_table, tables)
    return found


def assert_isolated(*aliases: str) -> None:
    """Raises IsolationBroken naming every weakness."""
    found = [f"{alias}: {weakness}" for alias in aliases for weakness in weaknesses(alias)]
    if found:
        raise IsolationBroken("tenants would not be kept apart: " + "; ".join(found))


def assert_every_database_isolated() -> None:
    """What a process does before it serves. Raises IsolationBroken naming every weakness of every database."""
    assert_isolated(*settings.PRIMARY_ALIASES)


def _role_weaknesses(cursor: Any) -> list[str]:
    cursor.execute(
        "select rolsuper, rolbypassrls, exists (select from pg_class c join pg_namespace n on n.oid = relnamespace "
        "where nspname = 'public' and relkind in ('r', 'p') and pg_has_role(current_user, relowner, 'member')) "
        "from pg_roles where rolname = current_user"
    )
    superuser, bypasses, owns = cursor.fetchone()
    facts = {"the role is a superuser": superuser, "the role has BYPASSRLS": bypasses, "the role owns tables": owns}
    return [text for text, true in facts.items() if true]


def _table_facts(cursor: Any) -> dict[str, tuple[bool, bool, list[str]]]:
    cursor.execute(
        "select relname, relrowsecurity, relforcerowsecurity, "
        "array(select pg_get_expr(polqual, polrelid) from pg_policy where polrelid = c.oid "
        "and polname = 'tenant_isolation')::text[] "
        "from pg_class c join pg_namespace n on n.oid = relnamespace "
        "where nspname = 'public' and relkind in ('r', 'p') and not relispartition"
    )
    return {name: (enabled, forced, policies) for name, enabled, forced, policies in cursor.fetchall()}


def _table_weaknesses(table: str, facts: dict[str, tuple[bool, bool, list[str]]]) -> list[str]:
    if table not in facts:
        return []  # not migrated yet: readiness says so
    enabled, forced, policies = facts[table]
    if not (enabled and forced):
        return [f"{table} has no forced row-level security"]
    if not any("app.tenant_id" in (expression or "") for expression in policies):
        return [f"{table} has no tenant_isolation policy"]
    return []
