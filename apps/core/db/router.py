"""Which database answers for a model: its service's. Reads may go to a replica (see `replicas`)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models

from apps.core.db import replicas


def alias_for(model: type[models.Model] | models.Model) -> str:
    """The alias of the database that owns `model`'s table."""
    return alias_of_app(model._meta.app_label)


def alias_of_app(app_label: str) -> str:
    """The alias of the database that holds the tables of an app; `default` for Django's and the libraries' own."""
    return str(settings.DATABASE_OF_APP.get(app_label, "default"))


class Router:
    """Django's database router (settings.DATABASE_ROUTERS)."""

    def db_for_read(self, model: type[models.Model], **hints: Any) -> str:
        return replicas.choose(_primary(model, hints))

    def db_for_write(self, model: type[models.Model], **hints: Any) -> str:
        return _primary(model, hints)

    def allow_relation(self, one: models.Model, other: models.Model, **hints: Any) -> bool | None:
        """Never across services. Within one, a row read from a replica may be related to one of the primary."""
        return alias_for(one) == alias_for(other)

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        if db not in settings.PRIMARY_ALIASES:
            return False
        return app_label in settings.APPS_IN_EVERY_DATABASE or alias_of_app(app_label) == db


def _primary(model: type[models.Model], hints: dict[str, Any]) -> str:
    """For an app whose tables every database has, the caller says which by `using`, or by a related instance."""
    instance = hints.get("instance")
    if model._meta.app_label in settings.APPS_IN_EVERY_DATABASE and instance is not None and instance._state.db:
        return replicas.primary_of(instance._state.db)
    return alias_for(model)
