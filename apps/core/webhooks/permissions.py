"""What one may be allowed to do with webhooks."""

from apps.core.auth.permissions import IN_PERSON, MANAGERS, Permission


class WebhookPermission(Permission):
    VIEW = "webhooks.view", "See webhooks and what they were sent", MANAGERS
    MANAGE = "webhooks.manage", "Make, change and delete webhooks, and replay what they were sent", MANAGERS, IN_PERSON
