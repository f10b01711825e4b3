"""What others may know about roles and about who holds them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from apps.core.events import Event, event
from apps.iam.audit.kinds import Kind
from apps.iam.audit.relevance import security_relevant

_ASSIGNED = ("role", "holder_kind", "resource_type", "resource_id")


@security_relevant(Kind.ROLE_CHANGED, subject="role_id", shows=("code", "permissions", "includes"), change="created")
@event(topic="iam.roles", aggregate="Role", version=1)
class RoleCreated(Event):
    """A tenant made a role of its own."""

    role_id: UUID
    code: str
    name: str
    permissions: tuple[str, ...]
    includes: tuple[str, ...]


@security_relevant(Kind.ROLE_CHANGED, subject="role_id", shows=("code", "permissions", "includes"), change="updated")
@event(topic="iam.roles", aggregate="Role", version=1)
class RoleUpdated(Event):
    """A role is called, or allows, something else: this is how it is now. Whoever holds it is affected at once."""

    role_id: UUID
    code: str
    name: str
    permissions: tuple[str, ...]
    includes: tuple[str, ...]


@security_relevant(Kind.ROLE_CHANGED, subject="role_id", shows=("code",), change="deleted")
@event(topic="iam.roles", aggregate="Role", version=1)
class RoleDeleted(Event):
    """A role is gone, and with it all its assignments."""

    role_id: UUID
    code: str


@security_relevant(Kind.ROLE_CHANGED, subject="role_id", shows=("code",), change="restored")
@event(topic="iam.roles", aggregate="Role", version=1)
class RoleRestored(Event):
    """A deleted role is back, with the assignments that its deletion took."""

    role_id: UUID
    code: str


@security_relevant(Kind.ROLES_ASSIGNED, subject="holder_id", shows=(*_ASSIGNED, "expires_at"), change="assigned")
@event(topic="iam.roles", aggregate="RoleAssignment", version=1)
class RoleAssigned(Event):
    """A person, service account or group holds a role until `expires_at`, or for good; with a resource only for that.

    Published again when an assignment is given another end.
    """

    role_assignment_id: UUID
    holder_id: UUID
    holder_kind: str
    role: str
    resource_type: str
    resource_id: UUID | None
    expires_at: datetime | None


@security_relevant(Kind.ROLES_ASSIGNED, subject="holder_id", shows=(*_ASSIGNED, "cause"), change="ended")
@event(topic="iam.roles", aggregate="RoleAssignment", version=1)
class RoleAssignmentEnded(Event):
    """An assignment is over. `cause` is `revoked`, or `expired`: then it counted for nothing since `expires_at`."""

    role_assignment_id: UUID
    holder_id: UUID
    holder_kind: str
    role: str
    resource_type: str
    resource_id: UUID | None
    cause: str


@security_relevant(Kind.ROLE_CHANGED, subject="separation_rule_id", shows=("name", "roles"), change="kept_apart")
@event(topic="iam.roles", aggregate="SeparationRule", version=1)
class SeparationRuleCreated(Event):
    """From now on nobody may be given these two roles together."""

    separation_rule_id: UUID
    name: str
    roles: tuple[str, str]


@security_relevant(Kind.ROLE_CHANGED, subject="separation_rule_id", shows=("name", "roles"), change="let_together")
@event(topic="iam.roles", aggregate="SeparationRule", version=1)
class SeparationRuleDeleted(Event):
    """These two roles may be held together again."""

    separation_rule_id: UUID
    name: str
    roles: tuple[str, str]
