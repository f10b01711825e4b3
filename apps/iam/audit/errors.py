"""What can go wrong with the security log."""

from apps.core.errors import Conflict, NotFound


class SecurityEventNotFound(NotFound):
    """There is no such record in this tenant's security log."""

    code = "security_event_not_found"


class ChainBroken(Conflict):
    """The security log is not what was written: run `manage.py verify_audit` to see what and where."""

    code = "security_log_broken"
