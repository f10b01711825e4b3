"""What one may be allowed to do with people."""

from apps.core.auth.permissions import MANAGERS, Permission


class UserPermission(Permission):
    VIEW = "users.view", "See people", MANAGERS
    MANAGE = "users.manage", "Invite, change, remove and restore people", MANAGERS
