"""Who may ask why others may do something."""

from apps.core.auth.permissions import MANAGERS, Permission


class AccessPermission(Permission):
    EXPLAIN = "access.explain", "Ask why somebody may do something, and who may do it", MANAGERS
