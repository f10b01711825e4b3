"""What provisioning refuses, besides what people and groups refuse themselves."""

from apps.core.errors import Conflict, Invalid, NotFound


class NotProvisioned(NotFound):
    """There is no such resource in this company."""

    code = "scim_not_found"


class UserNameTaken(Conflict):
    """Somebody else in this company has this userName."""

    code = "user_name_taken"


class InvalidAttribute(Invalid):
    """An attribute has a value that cannot be taken."""

    code = "invalid_attribute"


class InvalidConnection(Invalid):
    """The connection is not well described."""

    code = "invalid_connection"


class ConnectionNotFound(NotFound):
    """There is no such connection."""

    code = "connection_not_found"
