"""Make, change, delete and restore service accounts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.core.db.ids import uuid7
from apps.core.events import unit_of_work
from apps.core.history import Actor
from apps.iam.audit.commands import record_security_event
from apps.iam.audit.kinds import Kind
from apps.iam.groups import commands as groups
from apps.iam.roles import commands as role_commands
from apps.iam.roles import queries as roles
from apps.iam.roles import separation
from apps.iam.service_accounts import queries
from apps.iam.service_accounts.commands.validation import check_version, describe
from apps.iam.service_accounts.models import ServiceAccount

_FACTS = ("name", "description", "owner_id", "contact")


def create_service_account(
    *,
    name: str,
    roles: Iterable[str],
    actor: Actor,
    now: datetime,
    description: str = "",
    owner_id: UUID | None = None,
    contact: str = "",
    account_id: UUID | None = None,
) -> ServiceAccount:
    """Let a program act in the current tenant with these roles. It can do so once it has a key or an OAuth client.

    Nobody gives it more than they hold themselves. Raises InvalidServiceAccount, UnknownRole, BeyondOwnPermissions,
    ApprovalNeeded (an owner takes two people: make it with another role first).
    """
    codes = sorted(set(roles))
    with unit_of_work(ServiceAccount, actor=actor):
        account = ServiceAccount(id=account_id or uuid7())
        describe(account, name=name, description=description, owner_id=owner_id, contact=contact)
        account.save()
        role_commands.assign_roles(holder_id=account.id, holder_kind="service", roles=codes, actor=actor, now=now)
        details = {"name": account.name, "roles": ", ".join(codes)}
        record_security_event(Kind.SERVICE_ACCOUNT_CREATED, subject_id=account.id, details=details)
    return queries.service_account(account.id)


def update_service_account(
    *,
    account_id: UUID,
    actor: Actor,
    expected_version: int | None = None,
    enabled: bool | None = None,
    **facts: Any,
) -> ServiceAccount:
    """Change what is said of a service account (`name`, `description`, `owner_id`, `contact`), disable or enable it.

    What is left out stays. A disabled one is kept out at once, with each of its keys and tokens. Safe to repeat: what
    changes nothing tells nothing. Raises ServiceAccountNotFound, ServiceAccountIsDeleted, InvalidServiceAccount,
    BeyondOwnPermissions, PreconditionFailed.
    """
    with unit_of_work(ServiceAccount, actor=actor):
        account = queries.lock_service_account(account_id)
        check_version(account, expected_version)
        account.must_exist()
        _refuse_beyond_own(account, actor)
        before = _facts(account)
        describe(account, **{name: facts.get(name, before[name]) for name in _FACTS})
        account.is_enabled = account.is_enabled if enabled is None else enabled
        changed = [name for name, value in _facts(account).items() if value != before[name]]
        if changed:
            account.save(update_fields=[*changed, "name_key"])
            details = {"changed": ", ".join(changed), "state": account.state}
            record_security_event(Kind.SERVICE_ACCOUNT_CHANGED, subject_id=account.id, details=details)
    return queries.service_account(account_id)


def change_roles(
    *,
    account_id: UUID,
    roles_held: Iterable[str],
    actor: Actor,
    now: datetime,
    expected_version: int | None = None,
) -> ServiceAccount:
    """Let a service account hold exactly these roles, none perhaps. Its keys are narrowed with it at once.

    Safe to repeat. Raises ServiceAccountNotFound, ServiceAccountIsDeleted, UnknownRole, BeyondOwnPermissions,
    PreconditionFailed, ApprovalNeeded.
    """
    with unit_of_work(ServiceAccount, actor=actor):
        account = queries.lock_service_account(account_id)
        check_version(account, expected_version)
        account.must_exist()
        change = role_commands.assign_roles(
            holder_id=account_id, holder_kind="service", roles=roles_held, actor=actor, now=now
        )
        if change.changed:
            account.save(update_fields=["version"])  # its version, the ETag, covers the roles
            details = {"roles": ", ".join(sorted(change.after)), "before": ", ".join(sorted(change.before))}
            record_security_event(Kind.SERVICE_ACCOUNT_CHANGED, subject_id=account_id, details=details)
    return queries.service_account(account_id)


def delete_service_account(
    *, account_id: UUID, actor: Actor, now: datetime, expected_version: int | None = None
) -> ServiceAccount:
    """Keep a service account out at once, with all its keys and tokens, and take its roles and its places in groups.
    All can be restored.

    Safe to repeat. Raises ServiceAccountNotFound, BeyondOwnPermissions, PreconditionFailed.
    """
    with unit_of_work(ServiceAccount, actor=actor):
        account = queries.lock_service_account(account_id)
        if not account.is_deleted:
            check_version(account, expected_version)
            _refuse_beyond_own(account, actor)
            deletion_id = account.soft_delete(at=now, by=actor.id)
            account.save(update_fields=["deleted_at", "deleted_by", "deletion_id"])
            role_commands.end_assignments(holder_id=account_id, deletion_id=deletion_id, actor=actor, now=now)
            groups.leave_all_groups(member_id=account_id, deletion_id=deletion_id, actor=actor, now=now)
            details = {"name": account.name}
            record_security_event(Kind.SERVICE_ACCOUNT_DELETED, subject_id=account_id, details=details)
    return queries.service_account(account_id)


def restore_service_account(*, account_id: UUID, actor: Actor, now: datetime) -> ServiceAccount:
    """Bring a deleted service account back, with exactly the roles and groups that the deletion took. Keys that were
    neither revoked nor have expired are good again.

    Safe to repeat. Raises ServiceAccountNotFound, BeyondOwnPermissions, SeparationOfDutyViolated, ApprovalNeeded.
    """
    with unit_of_work(ServiceAccount, actor=actor):
        account = queries.lock_service_account(account_id)
        if account.is_deleted:
            deletion_id = account.restore()
            account.save(update_fields=["deleted_at", "deleted_by", "deletion_id"])
            if deletion_id:
                role_commands.restore_assignments(
                    holder_id=account_id, holder_kind="service", deletion_id=deletion_id, actor=actor, now=now
                )
                groups.return_to_groups(member_id=account_id, deletion_id=deletion_id, actor=actor)
            # Now that the roles are back and count. A refusal undoes all this.
            _refuse_beyond_own(account, actor)
            separation.require_apart({"service": [account_id]}, now=now)
            record_security_event(Kind.SERVICE_ACCOUNT_CHANGED, subject_id=account_id, details={"changed": "restored"})
    return queries.service_account(account_id)


def _facts(account: ServiceAccount) -> dict[str, Any]:
    return {name: getattr(account, name) for name in (*_FACTS, "is_enabled")}


def _refuse_beyond_own(account: ServiceAccount, actor: Actor) -> None:
    """Raises BeyondOwnPermissions when the account may do what the actor may not."""
    roles.require_within_own(actor, roles.permissions_of(account.id, kind="service", everywhere=False))
