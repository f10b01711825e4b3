"""What others may know about the people of a tenant. All of one membership's events are in order."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from apps.core.events import Event, Personal, event
from apps.iam.audit.kinds import Kind
from apps.iam.audit.relevance import security_relevant


@security_relevant(Kind.MEMBER_CHANGED, subject="user_id", shows=("email", "name", "roles"), change="invited")
@event(topic="iam.users", aggregate="Membership", version=1)
class MemberInvited(Event):
    """Somebody became a member of the tenant; the first event of a membership."""

    membership_id: UUID
    user_id: UUID
    email: Annotated[str, Personal("user_id")]
    name: Annotated[str, Personal("user_id")]
    roles: tuple[str, ...]


@security_relevant(Kind.MEMBER_CHANGED, subject="user_id", shows=("name", "status"), change="updated")
@event(topic="iam.users", aggregate="Membership", version=1)
class MemberUpdated(Event):
    """A member has another name, or was suspended or reinstated: this is how it is now."""

    membership_id: UUID
    user_id: UUID
    name: Annotated[str, Personal("user_id")]
    status: str


@security_relevant(Kind.ROLES_ASSIGNED, subject="user_id", shows=("roles",))
@event(topic="iam.users", aggregate="Membership", version=1)
class MemberRolesChanged(Event):
    """A member holds exactly these roles from now on.

    A single role that is given or ended besides, or that expires, is told by `RoleAssigned` and `RoleAssignmentEnded`.
    """

    membership_id: UUID
    user_id: UUID
    roles: tuple[str, ...]


@security_relevant(Kind.MEMBER_CHANGED, subject="user_id", change="deleted")
@event(topic="iam.users", aggregate="Membership", version=1)
class MemberDeleted(Event):
    """Somebody is no longer a member, and holds no role. Their sessions in this tenant are to end."""

    membership_id: UUID
    user_id: UUID


@security_relevant(Kind.MEMBER_CHANGED, subject="user_id", shows=("roles",), change="restored")
@event(topic="iam.users", aggregate="Membership", version=1)
class MemberRestored(Event):
    """A deleted member is back, with exactly the roles of before."""

    membership_id: UUID
    user_id: UUID
    roles: tuple[str, ...]


@event(topic="iam.users", aggregate="Erasure", version=1)
class PersonErased(Event):
    """All that was kept of a person is unreadable from now on. Lies in the log of the platform. Whoever keeps anything
    of theirs elsewhere is to erase it.
    """

    erasure_id: UUID
    user_id: UUID


@event(topic="iam.users", aggregate="Membership", version=1)
class MemberEmailChanged(Event):
    """A member uses another address from now on, with which they sign in."""

    membership_id: UUID
    user_id: UUID
    email: Annotated[str, Personal("user_id")]
