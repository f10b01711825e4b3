"""Who may read what others did."""

from apps.core.auth.permissions import IN_PERSON, MANAGERS, OWNERS, Permission


class AuditPermission(Permission):
    VIEW = "audit.view", "See who changed what, and the security log", MANAGERS
    EXPORT = "audit.export", "Take the security log out of the platform", OWNERS, IN_PERSON
