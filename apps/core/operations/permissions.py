"""Who may look into the machinery, and mend what failed."""

from apps.core.auth.permissions import MANAGERS, OWNERS, Permission, PlatformPermission


class EventPermission(Permission):
    VIEW = "events.view", "See which events there are, who hears of them and which could not be handled", MANAGERS
    READ = "events.read", "Read what events said, in the log and its archive", OWNERS
    REPAIR = "events.repair", "See what failed events say; correct, retry and discard them", OWNERS


class DependencyPermission(PlatformPermission):
    """What the platform calls serves all companies at once."""

    VIEW = "platform.view_dependencies", "See what the platform calls and how that does"
    MANAGE = "platform.manage_dependencies", "Have a dependency not asked, or asked whatever comes of it"


class ConsumerPermission(PlatformPermission):
    """A consumer group serves all companies at once."""

    VIEW = "platform.view_consumers", "See the consumer groups and how far behind they are"
    MANAGE = "platform.manage_consumers", "Pause consumer groups and resume them"
