"""Reads of single assignments, in the current tenant."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from apps.iam.roles.errors import AssignmentNotFound
from apps.iam.roles.models import RoleAssignment

STATES = ("active", "expired", "ended")
MODEL = RoleAssignment  # for views, to say whose database a request writes


def assignments(
    *,
    holder_id: UUID | None = None,
    holder_kind: str = "",
    role: str = "",
    resource_type: str = "",
    resource_id: UUID | None = None,
    state: str = "",
) -> QuerySet[RoleAssignment]:
    """Assignments, the newest first; the active ones unless another of STATES is asked for. One statement."""
    wanted: dict[str, Any] = {
        "holder_id": holder_id,
        "holder_kind": holder_kind,
        "role_code": role,
        "resource_type": resource_type,
        "resource_id": resource_id,
    }
    rows = RoleAssignment.with_deleted.in_tenant().filter(_in_state(state or "active", timezone.now()))
    rows = rows.filter(**{name: value for name, value in wanted.items() if value})
    found: QuerySet[RoleAssignment] = rows.order_by("-created_at", "-id")
    return found


def ever_held_by(holder_id: UUID) -> QuerySet[RoleAssignment]:
    """The assignments of one holder, whatever became of them, the newest first. One statement."""
    rows = RoleAssignment.with_deleted.in_tenant().filter(holder_id=holder_id)
    found: QuerySet[RoleAssignment] = rows.order_by("-created_at", "-id")
    return found


def _in_state(state: str, now: datetime) -> Q:
    """As `RoleAssignment.state` says it, in SQL."""
    ended = Q(deleted_at__isnull=False)
    expired = Q(expires_at__lte=now) & (~ended | Q(deleted_at__gte=F("expires_at")))
    if state == "active":
        return ~ended & (Q(expires_at__isnull=True) | Q(expires_at__gt=now))
    return expired if state == "expired" else ended & (Q(expires_at__isnull=True) | Q(deleted_at__lt=F("expires_at")))


def assignment(assignment_id: UUID) -> RoleAssignment:
    """One assignment, also one that is over. One statement. Raises AssignmentNotFound."""
    return _found(RoleAssignment.with_deleted.in_tenant().filter(id=assignment_id))


def lock_assignment(assignment_id: UUID) -> RoleAssignment:
    """One assignment, also one that is over, locked to the end of the transaction. Raises AssignmentNotFound."""
    return _found(RoleAssignment.with_deleted.in_tenant().select_for_update().filter(id=assignment_id))


def over(now: datetime, *, limit: int) -> list[UUID]:
    """The ids of assignments that have expired and were not ended yet, the longest ago first. One statement."""
    rows = RoleAssignment.objects.in_tenant().filter(expires_at__lte=now).order_by("expires_at", "id")
    return list(rows.values_list("id", flat=True)[:limit])


def holders_and_roles(ids: Iterable[UUID]) -> dict[UUID, tuple[UUID, str]]:
    """Holder and role code of each assignment, ended ones too. One statement."""
    rows = RoleAssignment.with_deleted.in_tenant().filter(id__in=list(ids))
    return {row.id: (row.holder_id, row.role_code) for row in rows}


def _found(rows: QuerySet[RoleAssignment]) -> RoleAssignment:
    found = rows.first()
    if found is None:
        raise AssignmentNotFound
    return found
