"""What one may be allowed to do with service accounts."""

from apps.core.auth.permissions import IN_PERSON, MANAGERS, Permission


class ServiceAccountPermission(Permission):
    VIEW = "service_accounts.view", "See service accounts and their API keys", MANAGERS
    MANAGE = (
        "service_accounts.manage",
        "Make, change and delete service accounts and their API keys",
        MANAGERS,
        IN_PERSON,
    )
