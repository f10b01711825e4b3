"""Who may look into the machinery."""

from apps.core.auth.permissions import MANAGERS, Permission


class EventPermission(Permission):
    VIEW = "events.view", "See which events there are and who hears of them", MANAGERS
