"""How the security log is told of second factors."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from apps.core import mail
from apps.core.history import current_origin
from apps.core.tenancy import current_tenant_id
from apps.iam.audit.commands import record_security_event
from apps.iam.audit.kinds import Kind
from apps.iam.authenticators import queries


def alert(user: Any, what: str, *, now: datetime) -> None:
    """Tell the person by mail of a change that an attacker would make too. `what` is a sentence."""
    mail.notify(
        template="second_factors_changed",
        to=user.email,
        context={"name": user.name, "what": what, "at": now, "address": current_origin().address},
        person_id=user.pk,
        now=now,
    )


def tell(kind: Kind, *, user_id: UUID, **facts: Any) -> None:
    """Record what happened to a person's second factors: in the tenant that is entered, else, while they sign in, in
    the one they belong to; of somebody who belongs to several, in the platform's own log.
    """
    tenant_id = current_tenant_id() or queries.home_of(user_id)
    record_security_event(kind, subject_id=user_id, tenant_id=tenant_id, **facts)
