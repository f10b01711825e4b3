from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ProjectionsConfig(AppConfig):
    name = "apps.core.projections"
    label = "projections"

    def ready(self) -> None:
        from apps.core.projections import checks  # noqa: F401  (registers the system checks)

        post_migrate.connect(_mark_tables, sender=self, dispatch_uid="projections.mark_tables")


def _mark_tables(using: str, **kwargs: Any) -> None:
    from apps.core.projections import tables

    tables.mark_after_migration(using)
