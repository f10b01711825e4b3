"""What others may know about policies."""

from __future__ import annotations

from uuid import UUID

from apps.core.events import Event, event
from apps.iam.audit.kinds import Kind
from apps.iam.audit.relevance import security_relevant

_SHOWN = ("name", "enabled")


@security_relevant(Kind.POLICY_CHANGED, subject="policy_id", shows=_SHOWN, change="created")
@event(topic="iam.policies", aggregate="Policy", version=1)
class PolicyCreated(Event):
    """A company made a policy. It holds from now on if it is enabled."""

    policy_id: UUID
    name: str
    enabled: bool
    text: str


@security_relevant(Kind.POLICY_CHANGED, subject="policy_id", shows=_SHOWN, change="updated")
@event(topic="iam.policies", aggregate="Policy", version=1)
class PolicyUpdated(Event):
    """A policy says something else, or was switched on or off: this is how it is now."""

    policy_id: UUID
    name: str
    enabled: bool
    text: str


@security_relevant(Kind.POLICY_CHANGED, subject="policy_id", shows=("name",), change="deleted")
@event(topic="iam.policies", aggregate="Policy", version=1)
class PolicyDeleted(Event):
    """A policy is gone, and forbids nothing any more."""

    policy_id: UUID
    name: str


@security_relevant(Kind.POLICY_CHANGED, subject="policy_id", shows=_SHOWN, change="restored")
@event(topic="iam.policies", aggregate="Policy", version=1)
class PolicyRestored(Event):
    """A deleted policy is back, and holds again if it is enabled."""

    policy_id: UUID
    name: str
    enabled: bool
    text: str
