"""The console's inbox of approvals."""

from __future__ import annotations

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone

from apps.core.api.pages import AUTHENTICATED, PERSONAL, SENSITIVE, page, page_of_rows
from apps.core.errors import DomainError
from apps.iam.approvals import commands, queries
from apps.iam.approvals.filters import ApprovalFilter
from apps.iam.approvals.kinds import all_kinds, label_of_kind
from apps.iam.approvals.models import ApprovalRequest


@page(AUTHENTICATED)
def inbox(request):
    """GET /approvals/: what waits for the caller's decision, and everything that was ever asked for."""
    rows, cursors, errors = page_of_rows(request, queries.approvals(request.principal), filterset=ApprovalFilter)
    waiting = queries.waiting_for(request.principal, now=timezone.now())
    context = {
        "waiting": [_shown(one) for one in waiting[:20]],
        "approvals": [_shown(one) for one in rows],
        "kinds": all_kinds(),
        "statuses": ApprovalRequest.Status.choices,
        "page": cursors,
        "filter_errors": errors,
    }
    return render(request, "approvals/list.html", context)


@page(AUTHENTICATED)
def waiting_count(request):
    """GET /approvals/waiting: the badge of the navigation, fetched by every page."""
    count = queries.waiting_for(request.principal, now=timezone.now()).count()
    return render(request, "approvals/_badge.html", {"count": count})


@page(AUTHENTICATED)
def approval(request, approval_id):
    """GET /approvals/<id>/: one request, with the decision for whoever may make it."""
    return _page(request, queries.approval(approval_id, request.principal))


@page(post=PERSONAL, step_up=SENSITIVE)
def decision_for(request, approval_id):
    """POST /approvals/<id>/approval."""
    return _decided(request, approval_id, commands.approve)


@page(post=PERSONAL)
def decision_against(request, approval_id):
    """POST /approvals/<id>/refusal."""
    return _decided(request, approval_id, commands.refuse)


@page(post=AUTHENTICATED)
def withdrawal(request, approval_id):
    """POST /approvals/<id>/withdrawal."""
    try:
        commands.withdraw_approval(approval_id=approval_id, actor=request.actor, now=timezone.now())
        messages.success(request, "Withdrawn: nothing was changed.")
    except DomainError as error:
        messages.error(request, str(error))
    return redirect(f"/approvals/{approval_id}/")


def _decided(request, approval_id, command):
    reason = request.POST.get("reason", "")[:500]
    try:
        decided = command(approval_id=approval_id, actor=request.actor, now=timezone.now(), reason=reason)
    except DomainError as error:
        messages.error(request, str(error))
        return redirect(f"/approvals/{approval_id}/")
    said = {
        "executed": "Approved, and done.",
        "approved": "Approved: it is being done.",
        "refused": "Refused: nothing was changed.",
    }
    if decided.status in said:
        messages.success(request, said[decided.status])
    else:
        messages.error(request, f"Approved, but it could not be done: {decided.failure}")
    return redirect(f"/approvals/{approval_id}/")


def _page(request, found: ApprovalRequest):
    context = {
        "approval": _shown(found),
        "may_decide": queries.may_decide(request.principal, found, now=timezone.now()),
        "may_withdraw": found.status == found.Status.REQUESTED and found.requested_by == request.principal.subject,
    }
    return render(request, "approvals/detail.html", context)


def _shown(found: ApprovalRequest):
    names = (
        *("id", "status", "summary", "reason", "requested_by_name", "requested_at", "expires_at"),
        *("decided_by_name", "decided_at", "decision_reason", "failure", "payload"),
    )
    overdue = found.status == found.Status.REQUESTED and found.expires_at <= timezone.now()
    status = "expired" if overdue else found.status
    return {**{name: getattr(found, name) for name in names}, "status": status, "label": label_of_kind(found.kind)}
