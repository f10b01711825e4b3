from apps.core.auth.permissions import MANAGERS, Permission


class JobPermission(Permission):
    VIEW = "jobs.view", "See every background job", MANAGERS
    MANAGE = "jobs.manage", "Cancel background jobs and begin them again", MANAGERS
