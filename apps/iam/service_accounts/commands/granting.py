"""Give a service account one role, or take one, for a while or for one object if need be."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from apps.core.events import unit_of_work
from apps.core.history import Actor
from apps.iam.roles import commands as roles
from apps.iam.service_accounts import queries
from apps.iam.service_accounts.models import ServiceAccount


def grant_role(*, account_id: UUID, role: str, actor: Actor, now: datetime, **limits: Any) -> tuple[Any, bool]:
    """Give a service account one role, with the limits that `roles.commands.grant_role` knows. True if it changed.

    Safe to repeat. Raises ServiceAccountNotFound, ServiceAccountIsDeleted, and as that does.
    """
    with unit_of_work(ServiceAccount, actor=actor):
        account = queries.lock_service_account(account_id)
        account.must_exist()
        assignment, changed = roles.grant_role(
            holder_id=account_id, holder_kind="service", role=role, actor=actor, now=now, **limits
        )
        if changed:
            account.save(update_fields=["version"])  # its version, the ETag, covers the roles
    return assignment, changed


def end_role(*, account_id: UUID, assignment_id: UUID, actor: Actor, now: datetime) -> bool:
    """Take one assignment away. True if it was still held. Safe to repeat.

    Raises ServiceAccountNotFound, AssignmentNotFound, BeyondOwnPermissions.
    """
    with unit_of_work(ServiceAccount, actor=actor):
        account = queries.lock_service_account(account_id)
        _, changed = roles.end_assignment(assignment_id=assignment_id, actor=actor, now=now)
        if changed:
            account.save(update_fields=["version"])
    return changed
