"""Whether somebody is locked out, as administrators see it."""

from __future__ import annotations

from uuid import UUID

from apps.iam.oidc import throttle
from apps.iam.users import queries as people


def lock_of_member(user_id: UUID) -> throttle.Lock | None:
    """The lock of a member of the current tenant; None when there is none. One statement. Raises MemberNotFound."""
    return throttle.lock_of(people.membership(user_id).user.email)
