"""How sure we must be that it is really that person, and since when (RFC 9470, step-up authentication).

Levels are those of NIST SP 800-63B: `aal1`, one factor; `aal2`, two of them or a passkey that verified its user.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string

from apps.core.auth.principal import Principal
from apps.core.errors import Unauthenticated

AAL1, AAL2 = "aal1", "aal2"
_LEVELS = {AAL1: 1, AAL2: 2}
_CLOCKS_APART = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class StepUp:
    """What an action asks of the sign-in behind it: a level, and how many seconds ago it may have been at most.

    Nobody is asked for a level that they cannot reach: whoever has no second factor, in a tenant that requires none,
    is asked for a fresh sign-in with the password.
    """

    acr: str = AAL2
    max_age_s: int | None = 300


SENSITIVE = StepUp()
"""For what an attacker at an unlocked screen would do first: change credentials, make keys, hand out ownership."""


class InsufficientAuthentication(Unauthenticated):
    """Signing in once more is needed for this.

    `extra` says to what level (`acr_values`) and how recently (`max_age`, seconds), as RFC 9470 §3 names them.
    """

    code = "insufficient_user_authentication"
    title = "Confirm that it is you"

    def __init__(self, need: StepUp) -> None:
        self.need = need
        asked = {"acr_values": need.acr, **({} if need.max_age_s is None else {"max_age": need.max_age_s})}
        how = " and ".join(f"{name}={value}" for name, value in asked.items())
        super().__init__(
            f"this needs a recent sign-in at level {need.acr}: get a new access token by an authorization request with "
            f"{how}; in a browser, open /auth/login with the same parameters",
            **asked,
        )


def require_step_up(principal: Principal | None, need: StepUp = SENSITIVE, *, now: datetime | None = None) -> None:
    """Return if the sign-in behind the caller is strong and recent enough. At most one question to iam.

    Service accounts pass: nobody signs in there, and their permission is all there is. Whoever acts in somebody else's
    name does not. Raises InsufficientAuthentication, NotWhileImpersonating, Unauthenticated.
    """
    if principal is None:
        raise Unauthenticated
    principal.require_in_person()
    if principal.kind != "user" or _is_met(principal, need, now or timezone.now()):
        return
    reachable = StepUp(_lower(need.acr, highest_acr(principal)), need.max_age_s)
    if not _is_met(principal, reachable, now or timezone.now()):
        raise InsufficientAuthentication(reachable)


def is_at_least(acr: str, wanted: str) -> bool:
    """True if a sign-in at level `acr` is as good as one at `wanted`. A level that we do not know is none."""
    return _LEVELS.get(acr, 0) >= _LEVELS.get(wanted, 0)


def highest_acr(principal: Principal) -> str:
    """The level that a person must be able to reach: `aal2` for whoever has a second factor or is to have one."""
    return str(import_string(settings.HIGHEST_ACR)(principal.subject)) if settings.HIGHEST_ACR else AAL1


def _is_met(principal: Principal, need: StepUp, now: datetime) -> bool:
    if not is_at_least(principal.acr, need.acr):
        return False
    if need.max_age_s is None:
        return True
    signed_in_at = principal.authenticated_at
    return signed_in_at is not None and now - signed_in_at <= timedelta(seconds=need.max_age_s) + _CLOCKS_APART


def _lower(one: str, other: str) -> str:
    return other if is_at_least(one, other) else one
