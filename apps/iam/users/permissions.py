"""What one may be allowed to do with people."""

from apps.core.auth.permissions import IN_PERSON, MANAGERS, OWNERS, Permission, PlatformPermission


class UserPermission(Permission):
    VIEW = "users.view", "See people", MANAGERS
    MANAGE = "users.manage", "Invite, change, remove and restore people", MANAGERS


class PeoplePermission(PlatformPermission):
    ERASE = "platform.erase_people", "Ask for the erasure of a person who was deleted", OWNERS, IN_PERSON
