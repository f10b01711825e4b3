"""Make policies, change, delete and restore them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from apps.core.errors import PreconditionFailed
from apps.core.events import unit_of_work
from apps.core.history import Actor
from apps.core.tenancy import require_tenant_id
from apps.iam.approvals.gate import require_approval
from apps.iam.policies import queries
from apps.iam.policies.commands.stamping import lock_stamp, stamp_anew
from apps.iam.policies.content import PolicyContent
from apps.iam.policies.errors import PolicyExists, PolicyIsDeleted, TooManyPolicies
from apps.iam.policies.events import PolicyCreated, PolicyDeleted, PolicyRestored, PolicyUpdated
from apps.iam.policies.models import Policy

CHANGE_POLICY = "policies.change"
MOST_POLICIES = 100


def create_policy(*, content: PolicyContent, actor: Actor, now: datetime) -> Policy:
    """Make a policy, which holds at once if it is enabled.

    Raises InvalidPolicy, PolicyExists, TooManyPolicies, ApprovalNeeded.
    """
    content = content.checked()
    with unit_of_work(Policy, actor=actor) as work:
        stamp = lock_stamp()
        _require_room_for(content, None)
        _require_second_person("create", require_tenant_id(), {"content": content.payload}, actor, now)
        policy = Policy()
        _write(policy, content)
        stamp_anew(stamp)
        work.publish(PolicyCreated(policy_id=policy.id, **_facts(policy)))
    return policy


def update_policy(
    *, policy_id: UUID, wished: dict[str, Any], actor: Actor, now: datetime, expected_version: int | None = None
) -> Policy:
    """Let a policy say what is wished from now on (members of PolicyContent); it is obeyed from the next request on.

    Safe to repeat: what changes nothing publishes nothing. Raises as `create_policy`, and PolicyNotFound,
    PolicyIsDeleted, PreconditionFailed.
    """
    with unit_of_work(Policy, actor=actor) as work:
        stamp, policy = lock_stamp(), queries.lock_policy(policy_id)
        if policy.is_deleted:
            raise PolicyIsDeleted
        _check_version(policy, expected_version)
        content = PolicyContent.of(policy).changed(**wished).checked()
        if content == PolicyContent.of(policy):
            return policy
        _require_room_for(content, policy.id)
        change = {"content": content.payload, "version": policy.version}
        _require_second_person("update", policy.id, change, actor, now)
        _write(policy, content)
        stamp_anew(stamp)
        work.publish(PolicyUpdated(policy_id=policy.id, **_facts(policy)))
    return policy


def delete_policy(*, policy_id: UUID, actor: Actor, now: datetime, expected_version: int | None = None) -> Policy:
    """Take a policy out of use; it can be restored. Safe to repeat. Raises PolicyNotFound, PreconditionFailed,
    ApprovalNeeded.
    """
    with unit_of_work(Policy, actor=actor) as work:
        stamp, policy = lock_stamp(), queries.lock_policy(policy_id)
        if policy.is_deleted:
            return policy
        _check_version(policy, expected_version)
        _require_second_person("delete", policy.id, {"version": policy.version}, actor, now)
        policy.soft_delete(at=now, by=actor.id)
        policy.save(update_fields=["deleted_at", "deleted_by", "deletion_id"])
        stamp_anew(stamp)
        work.publish(PolicyDeleted(policy_id=policy.id, name=policy.name))
    return policy


def restore_policy(*, policy_id: UUID, actor: Actor, now: datetime) -> Policy:
    """Undo a deletion. It must still be a policy that can be put into force. Safe to repeat. Raises PolicyNotFound,
    InvalidPolicy, PolicyExists, TooManyPolicies, ApprovalNeeded.
    """
    with unit_of_work(Policy, actor=actor) as work:
        stamp, policy = lock_stamp(), queries.lock_policy(policy_id)
        if not policy.is_deleted:
            return policy
        content = PolicyContent.of(policy).checked()
        _require_room_for(content, None)
        _require_second_person("restore", policy.id, {"version": policy.version}, actor, now)
        policy.restore()
        policy.save(update_fields=["deleted_at", "deleted_by", "deletion_id"])
        stamp_anew(stamp)
        work.publish(PolicyRestored(policy_id=policy.id, **_facts(policy)))
    return policy


def _require_second_person(
    operation: str, subject_id: UUID, change: dict[str, Any], actor: Actor, now: datetime
) -> None:
    """The version is part of what is approved: it must not be laid over what somebody else changed in the meantime."""
    payload = {"operation": operation, **change}
    payload |= {} if operation == "create" else {"policy_id": str(subject_id)}
    require_approval(CHANGE_POLICY, subject_id=subject_id, payload=payload, actor=actor, now=now)


def _require_room_for(content: PolicyContent, policy_id: UUID | None) -> None:
    if queries.is_name_taken(content.name, besides=policy_id):
        raise PolicyExists(f"there is a policy “{content.name}” already", name=content.name)
    if policy_id is None and queries.policies().count() >= MOST_POLICIES:
        raise TooManyPolicies(f"there are {MOST_POLICIES} policies, which is as many as there may be")


def _write(policy: Policy, content: PolicyContent) -> None:
    policy.name, policy.description, policy.enabled = content.name, content.description, content.enabled
    policy.text, policy.rule = content.text, None if content.rule is None else dict(content.rule)
    policy.save()


def _check_version(policy: Policy, expected: int | None) -> None:
    if expected is not None and policy.version != expected:
        raise PreconditionFailed(version=policy.version)


def _facts(policy: Policy) -> dict[str, Any]:
    return {"name": policy.name, "enabled": policy.enabled, "text": policy.text}
