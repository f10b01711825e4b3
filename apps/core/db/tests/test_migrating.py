"""`manage.py migrate` brings every database to the newest schema, each with the tables of its own services only."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connections

from apps.core.db.executor import OwnTablesExecutor
from apps.core.db.router import alias_of_app

pytestmark = [pytest.mark.django_db, pytest.mark.parametrize("alias", settings.PRIMARY_ALIASES)]


def tables_of(alias: str) -> set[str]:
    return set(connections[alias].introspection.table_names())


def test_nothing_is_left_to_do(alias: str) -> None:
    executor = OwnTablesExecutor(connections[alias])

    assert executor.migration_plan(executor.loader.graph.leaf_nodes()) == []


def test_a_migration_of_elsewhere_counts_as_done(alias: str) -> None:
    loader = OwnTablesExecutor(connections[alias]).loader

    assert set(loader.applied_migrations) >= set(loader.disk_migrations)


def test_no_table_of_another_service_is_made(alias: str) -> None:
    elsewhere = {
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if model._meta.app_label not in settings.APPS_IN_EVERY_DATABASE and alias_of_app(model._meta.app_label) != alias
    }

    assert tables_of(alias) & elsewhere == set()
