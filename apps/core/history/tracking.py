"""`@tracked` keeps every version of a model's rows in `<Model>History`, written by triggers (django-pghistory).

The provenance travels as transaction-local settings that our database backend sends with each statement; it lies
inside the history row, since pghistory's own context table knows neither tenants nor a second database.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import pghistory
from django.db import models

M = TypeVar("M", bound=type[models.Model])


def tracked(*, exclude: tuple[str, ...] = ()) -> Callable[[M], M]:
    """Keep the history of this model's rows. `exclude` names columns that must never be copied (secrets, say)."""

    def decorate(model: M) -> M:
        track = pghistory.track(
            pghistory.InsertEvent("created"),
            pghistory.UpdateEvent("updated"),
            pghistory.DeleteEvent("deleted"),
            model_name=f"{model.__name__}History",
            obj_field=pghistory.ObjForeignKey(related_name="history", db_constraint=False),
            context_field=pghistory.ContextJSONField(),
            context_id_field=pghistory.ContextUUIDField(null=True),
            exclude=list(exclude) or None,
            attrs={"pgh_id": models.BigAutoField(primary_key=True)},  # history outgrows 32 bits
            meta={"indexes": _indexes(model)},
        )
        followed: M = track(model)
        return followed

    return decorate


def _indexes(model: type[models.Model]) -> list[models.Index]:
    """By row, for what happened to one thing; by tenant and time, for what happened at all."""
    owned = any(field.name == "tenant_id" for field in model._meta.fields)
    leading = ["tenant_id"] if owned else []
    return [
        models.Index(fields=["pgh_obj", "-pgh_id"]),
        models.Index(fields=[*leading, "-pgh_created_at", "-pgh_id"]),
    ]
