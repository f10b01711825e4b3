from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AuditConfig(AppConfig):
    name = "apps.iam.audit"
    label = "audit"

    def ready(self) -> None:
        from apps.iam.audit import core_events  # noqa: F401  (known before the first of them is published)

        post_migrate.connect(_partitions_ahead, sender=self, dispatch_uid="audit.partitions_ahead")


def _partitions_ahead(using: str, **kwargs: Any) -> None:
    from apps.core.db.router import alias_of_app
    from apps.iam.audit import maintenance

    if using == alias_of_app("audit"):
        maintenance.create_partitions_after_migration()
