"""What one may be allowed to do with approvals. Whoever asked may always see and withdraw what they asked for."""

from apps.core.auth.permissions import IN_PERSON, MANAGERS, OWNERS, Permission, PlatformPermission


class ApprovalPermission(Permission):
    VIEW = "approvals.view", "See what waits for approval", MANAGERS
    DECIDE = "approvals.decide", "Approve or refuse what somebody else asked for", OWNERS, IN_PERSON


class PlatformApprovalPermission(PlatformPermission):
    DECIDE = "platform.decide_approvals", "Approve or refuse what other staff asked for", OWNERS, IN_PERSON
