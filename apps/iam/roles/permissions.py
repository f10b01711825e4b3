"""What one may be allowed to do with roles."""

from apps.core.auth.permissions import IN_PERSON, MANAGERS, OWNERS, Permission


class RolePermission(Permission):
    VIEW = "roles.view", "See roles and what they allow", MANAGERS
    MANAGE = "roles.manage", "Create, change, remove and restore roles", MANAGERS, IN_PERSON
    ASSIGN = "roles.assign", "Give people roles, and take them away", MANAGERS, IN_PERSON
    # Nobody manages somebody who holds more than they do: this one keeps owners out of the managers' reach.
    ASSIGN_OWNER = "roles.assign_owner", "Make people owners, and manage owners", OWNERS, IN_PERSON
    # Whoever is bound by such a rule must not be able to lift it.
    SEPARATE = "roles.separate", "Say which roles nobody may hold together", OWNERS, IN_PERSON
