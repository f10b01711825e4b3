"""What one may be allowed to do with applications."""

from apps.core.auth.permissions import IN_PERSON, MANAGERS, OWNERS, Permission


class ApplicationPermission(Permission):
    VIEW = "applications.view", "See applications and who lets them act", MANAGERS
    MANAGE = "applications.manage", "Register, change and delete applications", MANAGERS, IN_PERSON
    # Kept apart from registering, so that under `approved_only` it takes two to let an application in.
    APPROVE = (
        "applications.approve",
        "Approve applications, and decide whether members may let in others",
        OWNERS,
        IN_PERSON,
    )
