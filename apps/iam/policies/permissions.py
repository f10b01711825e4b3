"""Who may see and change policies. Policies themselves do not reach these (settings.POLICY_EXEMPT)."""

from apps.core.auth.permissions import IN_PERSON, MANAGERS, OWNERS, Permission


class PolicyPermission(Permission):
    VIEW = "policies.view", "See policies", MANAGERS
    # Whoever is bound by a policy must not be able to lift it.
    MANAGE = "policies.manage", "Create, change, switch and remove policies", OWNERS, IN_PERSON
