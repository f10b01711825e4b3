"""Ask for the approval of a change."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError

from apps.core.errors import Forbidden
from apps.core.events import unit_of_work
from apps.core.history import Actor
from apps.iam.approvals import notices, queries
from apps.iam.approvals.errors import ApprovalNeeded
from apps.iam.approvals.kinds import Ask, kind_named
from apps.iam.approvals.models import ApprovalRequest
from apps.iam.audit.commands import record_security_event
from apps.iam.audit.kinds import Kind

T = TypeVar("T")


class NobodyAsked(Forbidden):
    """Only a person or a service account can ask for approval."""

    code = "nobody_asked"


def done_or_requested(
    command: Callable[[], T], *, actor: Actor, now: datetime, reason: str = ""
) -> T | ApprovalRequest:
    """What the command returned; or, when it takes a second person, the request for approval that is made instead.

    The command opens its own unit of work, so that nothing of it remains when it is refused.
    """
    try:
        return command()
    except ApprovalNeeded as needed:
        return request_approval(ask=needed.ask, reason=reason, actor=actor, now=now)


def request_approval(*, ask: Ask, reason: str, actor: Actor, now: datetime) -> ApprovalRequest:
    """Let a change wait for a second person, for APPROVAL_DAYS.

    Safe to repeat: the same change is asked for once at a time. Raises NobodyAsked.
    """
    if actor.id is None:
        raise NobodyAsked
    try:
        with unit_of_work(ApprovalRequest, actor=actor):
            return queries.open_request(ask.digest) or _made(ask, reason, actor, actor.id, now)
    except IntegrityError:  # somebody else asked for the same in this very moment
        rival = queries.open_request(ask.digest)
        if rival is None:
            raise
        return rival


def _made(ask: Ask, reason: str, actor: Actor, asked_by: UUID, now: datetime) -> ApprovalRequest:
    request = ApprovalRequest(
        kind=ask.kind,
        subject_id=ask.subject_id,
        payload=ask.payload,
        payload_digest=ask.digest,
        summary=kind_named(ask.kind).describe(ask.payload)[:500],
        reason=reason.strip()[:500],
        requested_by=asked_by,
        requested_by_kind=actor.kind,
        requested_by_name=actor.name[:200],
        requested_through=actor.impersonator_id,
        requested_at=now,
        expires_at=now + timedelta(days=settings.APPROVAL_DAYS),
    )
    request.save()
    record_security_event(
        Kind.APPROVAL_REQUESTED,
        subject_id=request.subject_id,
        actor=actor,
        reason=request.reason,
        details={"approval_id": str(request.id), "change": request.kind, "summary": request.summary},
    )
    notices.tell_approvers(request, now=now)
    return request
