"""What service accounts and API keys refuse."""

from apps.core.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated


class ServiceAccountNotFound(NotFound):
    """There is no such service account in this tenant."""

    code = "service_account_not_found"


class InvalidServiceAccount(Invalid):
    """What was said of the service account is not well formed."""

    code = "invalid_service_account"


class ServiceAccountIsDeleted(Conflict):
    """This service account is deleted: restore it first."""

    code = "service_account_is_deleted"


class ApiKeyNotFound(NotFound):
    """There is no such API key here."""

    code = "api_key_not_found"


class ApiKeyDescribedWrongly(Invalid):
    """What was said of the API key is not well formed."""

    code = "invalid_api_key_description"


class TooManyApiKeys(Conflict):
    """This holder has as many API keys as are allowed: revoke one that is not used any more."""

    code = "too_many_api_keys"


class ApiKeyIsOver(Conflict):
    """This API key is revoked or has expired, so it cannot be rotated: make a new one."""

    code = "api_key_is_over"


class ApiKeyRefused(Unauthenticated):
    """The API key is not valid. It may be mistyped, expired or revoked: ask whoever administers it for another."""

    code = "api_key_refused"


class NotByApiKey(Forbidden):
    """Personal API keys are managed by the person, signed in: not by a key, nor in somebody else's name."""

    code = "not_by_api_key"
