"""Every write of requests for approval, in the current tenant or, for the platform's staff, in `tenancy.PLATFORM`."""

from apps.iam.approvals.commands.asking import done_or_requested, request_approval
from apps.iam.approvals.commands.carrying_out import carry_out
from apps.iam.approvals.commands.closing import expire_approval, forget_closed, withdraw_approval
from apps.iam.approvals.commands.deciding import approve, refuse

__all__ = [
    "approve",
    "carry_out",
    "done_or_requested",
    "expire_approval",
    "forget_closed",
    "refuse",
    "request_approval",
    "withdraw_approval",
]
