"""Erase a person for good: their keys, and all that tables say of them in plain."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from apps.business.facade import business
from apps.core.crypto import tombstones
from apps.core.events import unit_of_work
from apps.core.events.log import stream_version
from apps.core.history import SYSTEM, Actor
from apps.core.tenancy import PLATFORM, tenant
from apps.core.tenantdata.forgetting import forget_person
from apps.iam.approvals.gate import require_approval
from apps.iam.audit.commands import record_security_event
from apps.iam.audit.kinds import Kind
from apps.iam.service import DATABASE
from apps.iam.users import queries
from apps.iam.users.errors import PersonNotDeleted
from apps.iam.users.events import PersonErased
from apps.iam.users.models import User
from apps.iam.users.names import erasure_id

ERASE_PERSON = "users.erase"


def erase_person(*, user_id: UUID, actor: Actor, now: datetime, reason: str = "") -> None:
    """Make all that is kept of a deleted person unreadable, in every database. Takes two people; cannot be taken back.

    Their keys are destroyed first; from then on events, messages in Kafka and backups say nothing of them. Safe to
    repeat, and after a crash at any point. Raises ApprovalNeeded, UserNotFound, PersonNotDeleted, and OSError where it
    cannot be noted that the keys are destroyed.
    """
    user = queries.any_user(user_id)
    if not user.is_deleted:
        raise PersonNotDeleted
    with tenant(PLATFORM):
        require_approval(ERASE_PERSON, subject_id=user_id, payload={"user_id": str(user_id)}, actor=actor, now=now)
    _forget(user_id)
    _tell(user_id, actor=actor, reason=reason)


def erase_again(*, user_id: UUID) -> None:
    """Carry on with an erasure that was cut off, or that a restored backup has undone. Safe to repeat."""
    _forget(user_id)
    _tell(user_id, actor=SYSTEM, reason="")


def _forget(user_id: UUID) -> None:
    tombstones.bury(user_id)  # whatever stops us from here on, it is carried on by `tasks.erase_again`
    tenant_ids = [*queries.tenant_ids_of(user_id), PLATFORM]
    business.forget_person(user_id, tenant_ids=tenant_ids)
    forget_person(DATABASE, user_id, tenant_ids=tenant_ids)


def _tell(user_id: UUID, *, actor: Actor, reason: str) -> None:
    """Once, in the log of the platform: their name stands nowhere any more, so only an id can be told."""
    with tenant(PLATFORM), unit_of_work(User, actor=actor) as work:
        queries.lock_user(user_id)
        if stream_version(erasure_id(user_id), using=work.alias):
            return
        work.publish(PersonErased(erasure_id=erasure_id(user_id), user_id=user_id), expected=0)
        record_security_event(Kind.PERSON_ERASED, subject_id=user_id, actor=actor, reason=reason)
