"""Let somebody sign in again at once who was locked out."""

from __future__ import annotations

from uuid import UUID

from apps.iam.audit import commands as audit
from apps.iam.audit.kinds import Kind
from apps.iam.oidc import throttle
from apps.iam.users import queries as people


def lift_lock(*, user_id: UUID) -> bool:
    """Lift every lock of a member of the current tenant. False when there was none. Raises MemberNotFound."""
    email = people.membership(user_id).user.email
    if throttle.lock_of(email) is None:
        return False
    throttle.lift(email)
    audit.record_security_event(Kind.MEMBER_CHANGED, subject_id=user_id, details={"change": "lock lifted"})
    return True
