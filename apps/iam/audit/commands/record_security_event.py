"""Tell the security log of something, in the transaction in which it happens."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from apps.core.events import announce, unit_of_work
from apps.core.events.inbox import enter
from apps.core.history import Actor, current_actor, current_origin
from apps.core.tenancy import PLATFORM, current_tenant_id, tenant
from apps.iam.audit.events import SecurityEventRecorded
from apps.iam.audit.kinds import Kind, Outcome
from apps.iam.audit.models import SecurityRecord

_REASON_LENGTH, _DETAIL_LENGTH = 500, 1000
_TOLD = "iam.security_events_told"


def record_security_event(
    kind: Kind,
    *,
    subject_id: UUID,
    outcome: Outcome = Outcome.SUCCESS,
    actor: Actor | None = None,
    tenant_id: UUID | None = None,
    session_id: str = "",
    reason: str = "",
    details: Mapping[str, str] | None = None,
    occurred_at: datetime | None = None,
    once: UUID | None = None,
) -> None:
    """Append one record to the security log, in the transaction around, if there is one.

    The tenant is the given one, else the one entered, else the platform itself. The actor is whoever is acting, and
    where it came from is taken from the request. `occurred_at` is for what is told later than it happened; what is
    told twice with the same `once` is recorded once. One statement, two with `once`.
    """
    actor, origin = actor or current_actor(), current_origin()
    happened = SecurityEventRecorded(
        subject_id=subject_id,
        kind=kind,
        outcome=outcome,
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_name=_storable(actor.name),
        impersonator_id=actor.impersonator_id,
        impersonator_name=_storable(actor.impersonator_name),
        address=_storable(origin.address),
        user_agent=_storable(origin.user_agent),
        session_id=session_id or origin.session_id,
        reason=_storable(reason)[:_REASON_LENGTH],
        details={str(name): _storable(text)[:_DETAIL_LENGTH] for name, text in (details or {}).items()},
        occurred_at=occurred_at,
    )
    with tenant(tenant_id or current_tenant_id() or PLATFORM), unit_of_work(SecurityRecord) as work:
        if once is None or enter(once, group=_TOLD, using=work.alias):
            announce(happened, actor=actor)


def _storable(text: object) -> str:
    """PostgreSQL keeps neither NUL nor half a surrogate pair; both come from strangers only."""
    return str(text).replace("\x00", "").encode("utf-8", "replace").decode()
