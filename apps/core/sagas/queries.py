"""Every read of sagas in the current tenant."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q

from apps.core.events.subscriptions import log_of
from apps.core.sagas.definition import declared
from apps.core.sagas.errors import SagaNotFound
from apps.core.sagas.models import Entry, Instance
from apps.core.tenancy import require_tenant_id

# What should have been taken so long ago is taken by nobody.
OVERDUE_AFTER = timedelta(minutes=2)


def instances(using: str) -> Any:
    """Every saga, newest first. One statement."""
    return _rows(using).order_by("-id")


def is_stuck(now: datetime) -> Q:
    """Sagas that need a person: they ask for one, or nobody takes them."""
    return Q(state=Instance.State.NEEDS_ATTENTION) | Q(due_at__lt=now - OVERDUE_AFTER)


def stuck(using: str, *, now: datetime) -> Any:
    """Those that need a person, the longest waiting first. One statement."""
    return _rows(using).filter(is_stuck(now)).order_by("updated_at", "id")


def names(using: str) -> list[str]:
    """The names of the sagas that there are any of. One statement."""
    return list(_rows(using).order_by("name").values_list("name", flat=True).distinct())


def instance(saga_id: UUID, *, using: str) -> Instance:
    """Raises SagaNotFound."""
    return _found(_rows(using).filter(id=saga_id).first(), saga_id)


def instance_of(name: str, key: UUID) -> Instance | None:
    """The instance of a saga that is about `key`, if there is one. One statement."""
    found: Instance | None = _rows(log_of(name)).filter(name=name, key=key).first()
    return found


def can_turn_back(name: str, key: UUID) -> bool:
    """Whether the saga about `key` may still take back what it did: open, and not past its pivot. One statement.

    What a saga says no to it says no to for ever: its pivot is done once, and what is closed stays closed.
    """
    row = instance_of(name, key)
    if row is None or row.is_closed:
        return False
    saga = declared(row.name, row.definition_version)
    return saga is None or not saga.is_committed(row.position)


def entries_of(row: Instance) -> list[Entry]:
    """The journal of a saga, oldest first. One statement."""
    entries = Entry.objects.using(row._state.db).filter(tenant_id=row.tenant_id, instance_id=row.id)
    return list(entries.order_by("id"))


def lock(saga_id: UUID, *, using: str) -> Instance:
    """The saga under a row lock. Raises SagaNotFound."""
    return _found(_rows(using).select_for_update().filter(id=saga_id).first(), saga_id)


def lock_by_key(name: str, key: UUID) -> Instance:
    """The same by what it is about. Raises SagaNotFound."""
    return _found(_rows(log_of(name)).select_for_update().filter(name=name, key=key).first(), key)


def _rows(using: str) -> Any:
    return Instance.objects.using(using).filter(tenant_id=require_tenant_id())


def _found(row: Instance | None, named: UUID) -> Instance:
    if row is None:
        raise SagaNotFound(f"there is no saga {named}")
    return row
