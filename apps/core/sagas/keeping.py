"""What a saga's every step reads and writes, by statements that are compiled and planned once: there are dozens of them
on the way of each.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

import msgspec
from django.db import connections

from apps.core.db.compiled import CompiledRead
from apps.core.sagas.definition import Saga
from apps.core.sagas.models import Entry, Instance
from apps.core.tenancy import require_tenant_id
from apps.core.tenancy.postgresql.kept_plans import KeptPlan

_MOVING = (
    "state",
    "position",
    "backwards",
    "attempts",
    "fence",
    "due_at",
    "context",
    "answers",
    "failure_code",
    "failure",
    "updated_at",
    "closed_at",
)
_ENTERED = (
    "id",
    "tenant_id",
    "instance_id",
    "kind",
    "step",
    "attempt",
    "detail",
    "added",
    "seconds",
    "actor_id",
    "actor_name",
    "at",
)
_KEEP = KeptPlan(
    f"update sagas_instance set {', '.join(f'{name} = %s' for name in _MOVING)} "  # noqa: S608 (constant)
    "where tenant_id = %s and id = %s"
)
_ENTER = KeptPlan(
    f"insert into sagas_entry ({', '.join(_ENTERED)}) "  # noqa: S608 (constant)
    f"values ({', '.join(['%s'] * len(_ENTERED))})"
)


def held(saga_id: UUID, *, using: str) -> Instance | None:
    """The saga under a row lock."""
    return next(iter(_held(using)(saga_id=saga_id)), None)


def free(saga_id: UUID, *, using: str) -> Instance | None:
    """The same, unless somebody has it at this moment."""
    return next(iter(_free(using)(saga_id=saga_id)), None)


def open_about(saga: Saga, key: UUID) -> Instance | None:
    """The instance of this version that is about `key` and not over, under a row lock."""
    return next(iter(_open_about(saga.using, saga.name, saga.version)(key=key)), None)


def keep(row: Instance, now: datetime) -> None:
    """Write down where a saga is. What it is about never changes."""
    row.updated_at = now
    values = [getattr(row, name) for name in _MOVING]
    _run(_KEEP, [*map(_plain, values), row.tenant_id, row.id], using=row._state.db)


def enter(entry: Entry, *, using: str | None) -> None:
    """Write a new entry into the journal."""
    _run(_ENTER, [_plain(getattr(entry, name)) for name in _ENTERED], using=using)


@cache
def _held(using: str) -> CompiledRead[Instance]:
    return CompiledRead(lambda saga_id: _rows(using).select_for_update().filter(id=saga_id), "saga_id")


@cache
def _free(using: str) -> CompiledRead[Instance]:
    return CompiledRead(lambda saga_id: _rows(using).select_for_update(skip_locked=True).filter(id=saga_id), "saga_id")


@cache
def _open_about(using: str, name: str, version: int) -> CompiledRead[Instance]:
    def rows(key: UUID) -> Any:
        mine = _rows(using).select_for_update().filter(name=name, definition_version=version, key=key)
        return mine.exclude(state__in=Instance.CLOSED)

    return CompiledRead(rows, "key")


def _rows(using: str) -> Any:
    return Instance.objects.using(using).filter(tenant_id=require_tenant_id())


def _plain(value: Any) -> Any:
    return msgspec.json.encode(value).decode() if isinstance(value, dict) else value


def _run(statement: KeptPlan, values: list[Any], *, using: str | None) -> None:
    with connections[using or "default"].cursor() as cursor:
        cursor.execute(statement, values)
