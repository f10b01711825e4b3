"""Who is told by mail that something waits for them, or how it ended. Where no mail is sent, the inbox says so."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.conf import settings

from apps.core import mail
from apps.core.tenancy import PLATFORM
from apps.iam.approvals import queries
from apps.iam.approvals.kinds import kind_named
from apps.iam.approvals.models import ApprovalRequest
from apps.iam.users import queries as users


def tell_approvers(request: ApprovalRequest, *, now: datetime) -> None:
    """Say to everybody who could decide that a request waits. Four statements, and three for each of them."""
    known = queries.approvers(kind_named(request.kind), besides=(request.requested_by, request.requested_through))
    _tell(known, "approval_requested", request, now)


def tell_asker(request: ApprovalRequest, *, now: datetime) -> None:
    """Say to whoever asked how it ended. Service accounts look for themselves."""
    if request.requested_by_kind == "user":
        _tell([request.requested_by], "approval_decided", request, now)


def _tell(people: Iterable[UUID], template: str, request: ApprovalRequest, now: datetime) -> None:
    facts = {
        "summary": request.summary,
        "reason": request.reason,
        "asked_by": request.requested_by_name,
        "status": request.get_status_display().lower(),
        "decided_by": request.decided_by_name,
        "decision_reason": request.decision_reason,
        "failure": request.failure,
        "expires_at": request.expires_at,
        "url": f"{settings.BASE_URL.rstrip('/')}/approvals/{request.id}/",
    }
    tenant_id = None if request.tenant_id == PLATFORM else request.tenant_id
    for person in users.users(people):
        mail.notify(
            template=template, to=person.email, context=facts, now=now, tenant_id=tenant_id, person_id=person.id
        )
