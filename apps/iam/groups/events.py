"""What others may know about groups. All of one group's events are in order."""

from __future__ import annotations

from uuid import UUID

from apps.core.events import Event, event
from apps.iam.audit.kinds import Kind
from apps.iam.audit.relevance import security_relevant


@security_relevant(Kind.GROUP_CHANGED, subject="group_id", shows=("name", "external_id"), change="created")
@event(topic="iam.groups", aggregate="Group", version=1)
class GroupCreated(Event):
    """A group came into being, without members; the first event of a group."""

    group_id: UUID
    name: str
    external_id: str


@security_relevant(Kind.GROUP_CHANGED, subject="group_id", shows=("name", "external_id"), change="updated")
@event(topic="iam.groups", aggregate="Group", version=1)
class GroupUpdated(Event):
    """A group has another name or external id: this is how it is now."""

    group_id: UUID
    name: str
    external_id: str


@security_relevant(Kind.GROUP_CHANGED, subject="group_id", change="deleted")
@event(topic="iam.groups", aggregate="Group", version=1)
class GroupDeleted(Event):
    """A group is gone, and with it all that its members held through it."""

    group_id: UUID


@security_relevant(Kind.GROUP_CHANGED, subject="group_id", change="restored")
@event(topic="iam.groups", aggregate="Group", version=1)
class GroupRestored(Event):
    """A deleted group is back, with the members and roles of before."""

    group_id: UUID


@security_relevant(Kind.GROUP_CHANGED, subject="group_id", shows=("user_ids", "service_ids"), change="members_added")
@event(topic="iam.groups", aggregate="Group", version=1)
class GroupMembersAdded(Event):
    """These people and service accounts belong to the group from now on."""

    group_id: UUID
    user_ids: tuple[UUID, ...]
    service_ids: tuple[UUID, ...]


@security_relevant(Kind.GROUP_CHANGED, subject="group_id", shows=("user_ids", "service_ids"), change="members_removed")
@event(topic="iam.groups", aggregate="Group", version=1)
class GroupMembersRemoved(Event):
    """These people and service accounts no longer belong to the group."""

    group_id: UUID
    user_ids: tuple[UUID, ...]
    service_ids: tuple[UUID, ...]


@security_relevant(Kind.GROUP_CHANGED, subject="group_id", shows=("roles",), change="roles")
@event(topic="iam.groups", aggregate="Group", version=1)
class GroupRolesChanged(Event):
    """A group holds exactly these roles in the whole tenant, and with it all who belong to it.

    A single role that is given or ended besides is told by `RoleAssigned` and `RoleAssignmentEnded`.
    """

    group_id: UUID
    roles: tuple[str, ...]
