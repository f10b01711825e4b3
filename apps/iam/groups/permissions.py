"""What one may be allowed to do with groups."""

from apps.core.auth.permissions import IN_PERSON, MANAGERS, Permission


class GroupPermission(Permission):
    VIEW = "groups.view", "See groups and who is in them", MANAGERS
    # Whoever adds somebody to a group gives them its roles, and so must hold all that they allow.
    MANAGE = "groups.manage", "Create, change, remove and restore groups and their members", MANAGERS, IN_PERSON
