"""Who may look into the machinery, and mend what failed."""

from apps.core.auth.permissions import MANAGERS, OWNERS, Permission


class EventPermission(Permission):
    VIEW = "events.view", "See which events there are, who hears of them and which could not be handled", MANAGERS
    REPAIR = "events.repair", "See what failed events say; correct, retry and discard them", OWNERS
