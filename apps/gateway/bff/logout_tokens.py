"""Verification of logout tokens (OpenID Connect Back-Channel Logout 1.0 §2.6), our own provider's and others'."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from apps.gateway.bff import id_tokens, provider
from apps.gateway.bff.errors import InvalidIdToken, InvalidLogoutToken
from apps.gateway.bff.vault import redis_answers

EVENT = "http://schemas.openid.net/event/backchannel-logout"
# §2.4: `logout+jwt` is recommended; providers older than that say `JWT` or nothing.
_TYPES = ("logout+jwt", "application/logout+jwt", "jwt")


@dataclass(frozen=True, slots=True)
class Logout:
    """Whose sessions are over: one session's (`sid`), or all of a person (`subject`) where it is empty."""

    sid: str
    subject: str
    jti: str
    expires_at: float


def verified(token: Any) -> Logout:
    """What a logout token says that our provider made for us, now. Raises InvalidLogoutToken, ProviderUnavailable,
    SessionsUnavailable.
    """
    try:
        claims = id_tokens.signed_claims(token, provider.jwks(), types=_TYPES)
        id_tokens.check_parties(claims, issuer=settings.OIDC_RP_ISSUER, client_id=settings.OIDC_RP_CLIENT_ID)
        id_tokens.check_times(claims)
    except InvalidIdToken as error:
        raise InvalidLogoutToken(error.detail.replace("ID token", "logout token")) from error
    _check_purpose(claims)
    logout = Logout(_text(claims, "sid"), _text(claims, "sub"), _text(claims, "jti"), float(claims["exp"]))
    if not logout.sid and not logout.subject:
        raise InvalidLogoutToken("the logout token names neither a session nor a person")
    if not logout.jti:
        raise InvalidLogoutToken("the logout token has no jti")
    with redis_answers() as redis:
        if redis.get(_used(logout)):
            raise InvalidLogoutToken("the logout token was used before")
    return logout


def use_up(logout: Logout) -> None:
    """Let nobody use it again, as long as it would hold. Raises SessionsUnavailable."""
    left_s = int(logout.expires_at - time.time()) + id_tokens.LEEWAY_S + 1
    with redis_answers() as redis:
        redis.set(_used(logout), 1, left_s)


def _check_purpose(claims: dict[str, Any]) -> None:
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(EVENT), dict):
        raise InvalidLogoutToken("the logout token tells of no logout")
    if "nonce" in claims:
        raise InvalidLogoutToken("a logout token has no nonce")  # so that no ID token is taken for one


def _text(claims: dict[str, Any], name: str) -> str:
    value = claims.get(name, "")
    if not isinstance(value, str):
        raise InvalidLogoutToken(f"the logout token's {name} is no text")
    return value


def _used(logout: Logout) -> str:
    return f"bff.logout.{hashlib.sha256(logout.jti.encode()).hexdigest()}"
