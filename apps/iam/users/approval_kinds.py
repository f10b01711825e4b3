"""What takes two people to do with people: making somebody an owner, also again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from apps.iam.approvals.kinds import ApprovalKind, Approved, register
from apps.iam.roles import commands as roles
from apps.iam.roles.permissions import RolePermission
from apps.iam.service_accounts import commands as service_accounts
from apps.iam.service_accounts import queries as accounts
from apps.iam.users import commands, queries
from apps.iam.users.permissions import PeoplePermission, UserPermission


def _assign_owner(change: Approved) -> None:
    facts = {"actor": change.actor, "now": change.now}
    holder_id, codes = UUID(change.payload["holder_id"]), change.payload["roles"]
    if change.payload["holder_kind"] == "user":
        commands.change_roles(user_id=holder_id, roles_held=codes, **facts)
    else:
        service_accounts.change_roles(account_id=holder_id, roles_held=codes, **facts)


def _restore_owner(change: Approved) -> None:
    facts = {"actor": change.actor, "now": change.now}
    holder_id = UUID(change.payload["holder_id"])
    if change.payload["holder_kind"] == "user":
        commands.restore_member(user_id=holder_id, **facts)
    else:
        service_accounts.restore_service_account(account_id=holder_id, **facts)


def _erase(change: Approved) -> None:
    commands.erase_person(
        user_id=UUID(change.payload["user_id"]), actor=change.actor, now=change.now, reason="approved"
    )


def _named(payload: Mapping[str, Any]) -> str:
    holder_id = UUID(payload["holder_id"])
    if payload["holder_kind"] == "user":
        return queries.names([holder_id]).get(holder_id, str(holder_id))
    return f"the service account {accounts.service_account(holder_id).name}"


register(
    ApprovalKind(
        code=roles.ASSIGN_OWNER,
        label="Make somebody an owner",
        describe=lambda payload: f"Make {_named(payload)} an owner; roles from then on: {', '.join(payload['roles'])}",
        execute=_assign_owner,
        asker=RolePermission.ASSIGN_OWNER,
    )
)
register(
    ApprovalKind(
        code=roles.RESTORE_OWNER,
        label="Bring back an owner who was removed",
        describe=lambda payload: f"Bring back {_named(payload)}, who was an owner",
        execute=_restore_owner,
        asker=UserPermission.MANAGE,
    )
)
register(
    ApprovalKind(
        code=commands.ERASE_PERSON,
        label="Erase a person",
        # By id: the request is kept, and is not to name whom it erased.
        describe=lambda payload: f"Erase the deleted person {payload['user_id']} for good",
        execute=_erase,
        asker=PeoplePermission.ERASE,
        platform_asker=PeoplePermission.ERASE,
        always=True,
        has_rule=False,
        as_job=True,
    )
)
