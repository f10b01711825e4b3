"""What a caller is told whose change has to wait for a second person."""

from __future__ import annotations

from typing import Any

from django.contrib import messages

from apps.core.api.views import Answer
from apps.iam.approvals.api import ApprovalOutput
from apps.iam.approvals.models import ApprovalRequest

__all__ = ["ApprovalOutput", "accepted", "is_pending", "notice"]


def is_pending(outcome: object) -> bool:
    """True if `commands.done_or_requested` asked for approval instead of doing it."""
    return isinstance(outcome, ApprovalRequest)


def accepted(request: Any, approval: Any) -> Answer:
    """The API's answer: 202, with the request for approval and its address."""
    body = ApprovalOutput(approval, context={"request": request}).data
    return Answer(body, status=202, headers={"Location": f"/api/v1/approvals/{approval.id}"})


def notice(request: Any, approval: Any) -> None:
    """The console's: a message on the next page."""
    messages.info(request, f"This takes a second person, who is asked now: {approval.summary}.")
