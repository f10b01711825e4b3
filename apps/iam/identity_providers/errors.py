"""What identity providers of others, and signing in with them, refuse."""

from apps.core.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable


class IdentityProviderNotFound(NotFound):
    """There is no such identity provider in this tenant."""

    code = "identity_provider_not_found"


class InvalidIdentityProvider(Invalid):
    """What was said of the identity provider is not well formed."""

    code = "invalid_identity_provider"


class IdentityProviderNameTaken(Conflict):
    """Another identity provider has this name."""

    code = "identity_provider_name_taken"


class IdentityProviderIsDeleted(Conflict):
    """This identity provider is deleted: restore it first."""

    code = "identity_provider_is_deleted"


class EmailDomainNotFound(NotFound):
    """None of this tenant's identity providers has this e-mail domain."""

    code = "email_domain_not_found"


class EmailDomainTaken(Conflict):
    """Another company has proved that this e-mail domain is theirs: ask the platform's operator."""

    code = "email_domain_taken"


class EmailDomainNotProved(Conflict):
    """The proof was not found where it must lie: put it there, then try again."""

    code = "email_domain_not_proved"


class IdentityLinkNotFound(NotFound):
    """There is no such linked identity."""

    code = "identity_link_not_found"


class LastWayIn(Conflict):
    """Nobody could sign in to this account any more: set a password, or add a passkey, first."""

    code = "last_way_in"


class ProviderUnreachable(Unavailable):
    """The identity provider does not answer: try again in a moment, or sign in another way."""

    code = "identity_provider_unreachable"


class ProviderMisconfigured(Conflict):
    """The identity provider does not answer as OpenID Connect says."""

    code = "identity_provider_misconfigured"


class FederatedSignInFailed(Forbidden):
    """The sign-in with the identity provider did not work: start again."""

    code = "federated_sign_in_failed"


class AttemptUnknown(FederatedSignInFailed):
    """This sign-in was not started in this browser, took too long, or was finished already."""

    code = "federated_sign_in_unknown"


class ProviderRefused(FederatedSignInFailed):
    """The identity provider refused."""

    code = "identity_provider_refused"


class WrongIssuer(FederatedSignInFailed):
    """The answer came from another identity provider than the one that was asked."""

    code = "wrong_issuer"


class NotFreshEnough(FederatedSignInFailed):
    """The identity provider did not ask for a fresh sign-in, which this needs: sign in another way."""

    code = "not_fresh_enough"


class AcrNotReached(FederatedSignInFailed):
    """The identity provider did not sign you in as strongly as your company asks for."""

    code = "acr_not_reached"


class EmailNotVouchedFor(FederatedSignInFailed):
    """Nobody here is linked with this identity, and its e-mail address is not vouched for.

    Sign in as you did before, then link it at /account/security/.
    """

    code = "email_not_vouched_for"


class LinkItYourself(FederatedSignInFailed):
    """There is an account that this may belong to: sign in to it as before, then link this identity in your account."""

    code = "link_it_yourself"


class NotProvisioned(FederatedSignInFailed):
    """There is no account for this identity, and none is made by itself: ask an administrator to invite you."""

    code = "not_provisioned"


class NoRoleGiven(FederatedSignInFailed):
    """The groups of this identity give no role here: ask an administrator."""

    code = "no_role_given"


class KeptOut(FederatedSignInFailed):
    """This account may not be used here: ask an administrator of your company."""

    code = "kept_out"


class OwnWayNeeded(FederatedSignInFailed):
    """This account is not this company's alone: sign in with your own password or passkey."""

    code = "own_way_needed"


class IdentityTaken(Conflict):
    """This identity is linked with another account, or your account with another identity of that provider."""

    code = "identity_taken"
