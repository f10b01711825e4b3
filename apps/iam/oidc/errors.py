"""What the identity provider refuses, apart from the protocol's own errors."""

from apps.core.errors import Forbidden, NotFound, Unauthenticated, Unavailable


class NoMembership(Forbidden):
    """This person belongs to no company here: ask somebody who administers one to invite them."""

    code = "no_membership"


class NotAMember(NoMembership):
    """This application belongs to a company that you are not a member of: use another account, or ask there."""

    code = "not_a_member"


class CompanySuspended(NoMembership):
    """The company that this person belongs to is suspended: nobody there can sign in."""

    code = "company_suspended"


class NotOneOfYours(NoMembership):
    """You are no member of that company, or it is closed: go back, or use another account."""

    code = "not_one_of_yours"


class VouchedForElsewhere(NoMembership):
    """You signed in through a company, which counts there alone: sign in with your own password or passkey."""

    code = "vouched_for_elsewhere"


class ClientNotFound(NotFound):
    """There is no such API client in this tenant."""

    code = "client_not_found"


class SubjectNotFound(NotFound):
    """Nobody is known by this subject."""

    code = "subject_not_found"


class DeviceCodeUnknown(NotFound):
    """No device waits with this code: it may have run out, or been decided about."""

    code = "device_code_unknown"


USED_BEFORE = "The refresh token was used or revoked before."
"""`error_description` of that refusal. What ended the token is in the security log: the refusal adds nothing to it."""


class TokenRequestRefused(Unauthenticated):
    """The provider refused the token request. `error` and `description` are as in RFC 6749 §5.2."""

    code = "token_request_refused"

    def __init__(self, detail: object = "", *, error: str = "", description: str = "") -> None:
        self.error, self.description = error, description
        super().__init__(detail)


class SessionsUnavailable(Unavailable):
    """The store of sessions does not answer: try again in a moment."""

    code = "sessions_unavailable"


class SigningKeyUnreadable(Unavailable):
    """The signing key was sealed under another DJANGO_SECRET_KEY: run `manage.py rotate_signing_keys --withdraw`.

    Or bring the former secret back: tokens that the key signed hold then.
    """

    code = "signing_key_unreadable"
