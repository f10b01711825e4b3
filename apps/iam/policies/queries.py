"""Reads of policies in the current tenant. Beneath `roles`, which asks for the stamp."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from apps.core.auth.policy import PoliciesInForce, PolicyText
from apps.core.history.changes import Change, ChangeFilter, changes_of
from apps.iam.policies.errors import PolicyNotFound
from apps.iam.policies.models import Policy, PolicyStamp

STATES = ("enabled", "disabled", "deleted")
STAMPS = PolicyStamp._meta.db_table
"""The table that holds the stamp, for a statement of another feature that brings it along."""


def in_force() -> PoliciesInForce:
    """The policies that hold now, and their stamp. Two statements, of which the stamp's is first: what changes between
    them is told under the older stamp, and so asked for again.
    """
    stamp = PolicyStamp.objects.in_tenant().values_list("stamp", flat=True).first()
    rows = Policy.objects.in_tenant().filter(enabled=True).order_by("id")
    return PoliciesInForce(stamp, tuple(text_of(policy) for policy in rows))


def text_of(policy: Policy) -> PolicyText:
    """The policy as the engine takes it."""
    return PolicyText(policy.id, policy.name, policy.text)


def policies(*, q: str = "", state: str = "") -> QuerySet[Policy, Any]:
    """The policies by name; `state` is one of STATES, empty: all but the deleted ones. One statement."""
    rows = Policy.with_deleted.in_tenant().deleted() if state == "deleted" else Policy.objects.in_tenant()
    if state in ("enabled", "disabled"):
        rows = rows.filter(enabled=state == "enabled")
    if q.strip():
        rows = rows.filter(name__icontains=q.strip())
    found: QuerySet[Policy, Any] = rows.order_by("name", "id")
    return found


def policy(policy_id: UUID) -> Policy:
    """One policy, also a deleted one. One statement. Raises PolicyNotFound."""
    return _found(Policy.with_deleted.in_tenant().filter(id=policy_id))


def lock_policy(policy_id: UUID) -> Policy:
    """The same, locked to the end of the transaction. Take the stamp's lock first. Raises PolicyNotFound."""
    return _found(Policy.with_deleted.in_tenant().select_for_update().filter(id=policy_id))


def is_name_taken(name: str, *, besides: UUID | None) -> bool:
    """True if another policy that is not deleted is called so. One statement."""
    return bool(Policy.objects.in_tenant().filter(name=name).exclude(id=besides).exists())


def changes(where: ChangeFilter, *, limit: int) -> list[Change]:
    """Changes of policies, newest first."""
    return changes_of(Policy, where=where, limit=limit)


def changes_of_policy(policy_id: UUID, *, limit: int) -> list[Change]:
    """Changes of one policy, newest first."""
    return changes_of(Policy, where=ChangeFilter(entity_ids=(policy_id,)), limit=limit)


def _found(rows: Any) -> Policy:
    found: Policy | None = rows.first()
    if found is None:
        raise PolicyNotFound
    return found
