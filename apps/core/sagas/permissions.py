from apps.core.auth.permissions import MANAGERS, Permission


class SagaPermission(Permission):
    VIEW = "sagas.view", "See what runs in several steps", MANAGERS
    MANAGE = "sagas.manage", "Repair and cancel what runs in several steps", MANAGERS
