"""What can go wrong between the browser, the gateway and the identity provider."""

from apps.core.errors import Invalid, Unauthenticated, Unavailable


class SignInFailed(Invalid):
    """The sign-in did not work: start again."""

    code = "sign_in_failed"


class AttemptUnknown(SignInFailed):
    """This sign-in was not started in this browser, took too long, or was finished already."""

    code = "sign_in_unknown"


class InvalidIdToken(SignInFailed):
    """The identity provider's answer could not be verified."""

    code = "invalid_id_token"


class InvalidLogoutToken(Invalid):
    """This logout token could not be verified, or was used before."""

    code = "invalid_logout_token"


class ProviderRefused(Unauthenticated):
    """The identity provider refused: sign in again."""

    code = "provider_refused"
    is_recorded = False  # whether the security log was told of it, by the provider


class ProviderUnavailable(Unavailable):
    """The identity provider does not answer: try again in a moment."""

    code = "provider_unavailable"


class SessionsUnavailable(Unavailable):
    """The store of sessions does not answer: try again in a moment."""

    code = "sessions_unavailable"
