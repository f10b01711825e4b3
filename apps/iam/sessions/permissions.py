"""What one may be allowed to do with the sessions of others."""

from apps.core.auth.permissions import IN_PERSON, MANAGERS, OWNERS, Permission


class SessionPermission(Permission):
    MANAGE = "sessions.manage", "See where people are signed in, and sign them out", MANAGERS, IN_PERSON


class ImpersonationPermission(Permission):
    IMPERSONATE = "users.impersonate", "Act as somebody else, who is told", OWNERS, IN_PERSON
