"""The base of every entity: id, times, actors, optimistic lock, tenant, soft delete."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from django.db import models
from django.db.models import F
from django.utils import timezone

from apps.core.db.ids import uuid7
from apps.core.db.queries import EntityManager
from apps.core.errors import Overtaken
from apps.core.history import current_actor
from apps.core.tenancy import require_tenant_id

_STAMPS = ("version", "updated_at", "updated_by")


class Entity(models.Model):
    """A thing with an identity. Saving one that somebody else saved since it was read raises Overtaken."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.UUIDField(null=True, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_by = models.UUIDField(null=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False, help_text="Counts the saves; the ETag.")

    objects: ClassVar[Any] = EntityManager()
    with_deleted: ClassVar[Any] = EntityManager(with_deleted=True)

    class Meta:
        abstract = True
        base_manager_name = "with_deleted"

    def save(self, *args: Any, update_fields: Any = None, **kwargs: Any) -> None:
        """Stamp the row and write it. Raises Overtaken when its version is no longer the one that was read."""
        self.updated_at, self.updated_by = timezone.now(), current_actor().id
        if self._state.adding:
            self.created_by = self.updated_by
            kwargs["force_insert"] = True
        else:
            kwargs["force_update"] = update_fields is None
        stamped = None if update_fields is None else {*update_fields, *_STAMPS}
        super().save(*args, update_fields=stamped, **kwargs)

    def _do_update(  # type: ignore[override]
        self, base_qs: Any, using: Any, pk_val: Any, values: Any, update_fields: Any, *rest: Any
    ) -> bool:
        """Django's own UPDATE, with the version that was read as a condition: the optimistic lock."""
        read = self.version
        values = [(f, m, F("version") + 1) if f.name == "version" else (f, m, v) for f, m, v in values]
        done = super()._do_update(  # type: ignore[misc]
            base_qs.filter(version=read), using, pk_val, values, update_fields, *rest
        )
        if not done:
            raise Overtaken(f"{type(self).__name__} {pk_val} is no longer at version {read}", version=read)
        self.version = read + 1
        return bool(done)


class SoftDeletable(models.Model):
    """Deleted means hidden, and can be undone. `deletion_id` is shared by all that one deletion took with it."""

    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)
    deleted_by = models.UUIDField(null=True, editable=False)
    deletion_id = models.UUIDField(null=True, editable=False)

    class Meta:
        abstract = True

    @property
    def is_deleted(self) -> bool:
        return self.deleted_at is not None

    def soft_delete(self, *, at: datetime, by: UUID | None, deletion_id: UUID | None = None) -> UUID:
        """Hide it. Returns the id of the deletion, to be handed to what goes with it. Does not save."""
        self.deleted_at, self.deleted_by, self.deletion_id = at, by, deletion_id or uuid7()
        return self.deletion_id

    def restore(self) -> UUID | None:
        """Show it again. Returns the id of the deletion that is undone, to find what went with it. Does not save."""
        undone = self.deletion_id
        self.deleted_at = self.deleted_by = self.deletion_id = None
        return undone


class TenantScoped(Entity):
    """An entity of one tenant, kept behind row-level security (`TenantIsolation` in its migration)."""

    tenant_id = models.UUIDField(default=require_tenant_id, editable=False)

    class Meta(Entity.Meta):
        abstract = True
