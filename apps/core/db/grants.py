"""What the application's and the relay's roles may do with each table. Granted after every migration.

Only parents of partitions are granted: a granted partition could be read past its parent's policy.
"""

from __future__ import annotations

from typing import Any

import pghistory.models
from django.apps import apps
from django.db import connections, models, router

from apps.core.db.roles import roles_of

READ_WRITE = ("SELECT", "INSERT", "UPDATE", "DELETE")
APPEND_ONLY = ("SELECT", "INSERT")


def grant_all(alias: str) -> None:
    """Grant each table of `alias` as its model declares: `application_grants`, `relay_grants`; else read and write."""
    roles, connection = roles_of(alias), connections[alias]
    with connection.cursor() as cursor:
        existing = set(connection.introspection.table_names(cursor))
        for model in apps.get_models(include_auto_created=True):
            table = model._meta.db_table
            if table not in existing or not router.allow_migrate_model(alias, model):
                continue
            _grant(cursor, table, roles.application, application_grants(model))
            _grant(cursor, table, roles.relay, getattr(model, "relay_grants", ()))
        cursor.execute(f'grant select on django_migrations to "{roles.application}"')
        for role in (roles.application, roles.relay):
            cursor.execute(f'grant usage, select on all sequences in schema public to "{role}"')


def application_grants(model: type[models.Model]) -> tuple[str, ...]:
    """What the application may do with a model's table. History is written by triggers and never changed."""
    if issubclass(model, pghistory.models.Event):
        return APPEND_ONLY
    return tuple(getattr(model, "application_grants", READ_WRITE))


def _grant(cursor: Any, table: str, role: str, rights: tuple[str, ...]) -> None:
    cursor.execute(f'revoke all on "{table}" from "{role}"')
    if rights:
        cursor.execute(f'grant {", ".join(rights)} on "{table}" to "{role}"')
