from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class EventsConfig(AppConfig):
    name = "apps.core.events"
    label = "events"

    def ready(self) -> None:
        from apps.core.events import checks  # noqa: F401  (registers the system checks)

        post_migrate.connect(_partitions_ahead, sender=self, dispatch_uid="events.partitions_ahead")


def _partitions_ahead(using: str, **kwargs: Any) -> None:
    from apps.core.events import maintenance

    maintenance.create_partitions_after_migration(using)
