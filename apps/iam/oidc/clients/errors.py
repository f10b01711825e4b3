"""What the management of clients refuses."""

from apps.core.errors import Conflict, Invalid, NotFound


class ApplicationNotFound(NotFound):
    """There is no such application in this company."""

    code = "application_not_found"


class InvalidApplication(Invalid):
    """What was said of the application is not well formed."""

    code = "invalid_application"


class ApplicationIsDeleted(Conflict):
    """This application is deleted: restore it first."""

    code = "application_is_deleted"


class ApplicationNotDeleted(Conflict):
    """An application is erased only after it was deleted: delete it first, and see who complains."""

    code = "application_not_deleted"


class HasNoSecret(Conflict):
    """A public application keeps no secret: it proves itself by PKCE."""

    code = "application_has_no_secret"


class ClientExists(Conflict):
    """This service account has OAuth client credentials already: rotate the secret for another one."""

    code = "client_exists"


class ConfirmationWrong(Invalid):
    """The confirmation does not name the application."""

    code = "confirmation_wrong"
