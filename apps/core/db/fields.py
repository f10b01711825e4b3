"""Fields that hold house rules."""

from __future__ import annotations

from typing import Any

from django.db import models


class TenantForeignKey(models.ForeignKey):  # type: ignore[type-arg]
    """A reference inside one tenant. The database's constraint is made by `TenantReference` in the migration, since
    it must include the tenant; Django's own one would not.
    """

    def __init__(self, to: Any, on_delete: Any = models.PROTECT, **kwargs: Any) -> None:
        kwargs["db_constraint"] = False
        super().__init__(to, on_delete, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("db_constraint", None)
        return name, path, args, kwargs
