"""What second factors and sign-in policies refuse."""

from apps.core.errors import Conflict, Forbidden, Invalid, NotFound


class AuthenticatorNotFound(NotFound):
    """You have no such authenticator."""

    code = "authenticator_not_found"


class WrongCode(Invalid):
    """The code is not right, was used before, or is too old: wait for the next one."""

    code = "wrong_code"

    def __init__(self, detail: object = "") -> None:
        super().__init__(detail or self.default_detail(), errors={"code": [self.default_detail()]})


class NoSecondFactor(Conflict):
    """Recovery codes stand in for a second factor: set up an authenticator app or a passkey first."""

    code = "no_second_factor"


class SecondFactorRequired(Conflict):
    """A company that you belong to requires a second factor: add another one before you remove the last."""

    code = "second_factor_required"


class TotpExists(Conflict):
    """There is an authenticator app already: remove it before you set up another."""

    code = "totp_exists"


class TooManyPasskeys(Conflict):
    """There are as many passkeys as one person may have: remove one that you no longer use."""

    code = "too_many_passkeys"


class PasskeyRefused(Invalid):
    """The passkey could not be verified: try again."""

    code = "passkey_refused"
    is_recorded = False  # whether the security log was told of it already


class PasskeysUnavailable(Conflict):
    """Passkeys need an address with a host name, over https: this installation has none."""

    code = "passkeys_unavailable"


class ChallengeUnknown(Invalid):
    """This was not started in this browser, took too long, or was finished already: start again."""

    code = "challenge_unknown"


class PeopleOnly(Forbidden):
    """A service account has no second factor: it authenticates with its secret."""

    code = "people_only"


class MemberElsewhere(Forbidden):
    """This person belongs to other companies too: ask the platform's staff to reset their second factors."""

    code = "member_elsewhere"


class ResetYourself(Forbidden):
    """You manage your own second factors on your security page."""

    code = "reset_yourself"


class InvalidName(Invalid):
    """An authenticator needs a name by which you recognise it."""

    code = "invalid_authenticator_name"


class InvalidPolicy(Invalid):
    """What was said of signing in is not well formed."""

    code = "invalid_sign_in_policy"
