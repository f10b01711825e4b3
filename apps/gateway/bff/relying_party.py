"""Turns the provider's answers into tokens of a session: mozilla-django-oidc's backend, extended.

It checks issuer, audience and the rest of the ID token, keeps no Django user (the services know a principal, not a
row), and calls a provider in this process without a detour over HTTP.
"""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from mozilla_django_oidc.auth import OIDCAuthenticationBackend

from apps.core.auth.middleware import authenticate
from apps.gateway.bff import id_tokens, provider, stepping_up
from apps.gateway.bff.attempts import Attempt
from apps.gateway.bff.errors import SignInFailed
from apps.gateway.bff.vault import Tokens

CALLBACK = "/auth/callback"
TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"  # noqa: S105 (names of RFC 8693)
_ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105
_JWT = "urn:ietf:params:oauth:token-type:jwt"
_DEFAULT_LIFETIME_S = 60


class RelyingParty(OIDCAuthenticationBackend):
    """The gateway as a client of the identity provider."""

    def __init__(self) -> None:
        """Nothing of the base class's set-up: it loads the user model, which a gateway alone does not have."""

    @property
    def redirect_uri(self) -> str:
        """Where the provider sends the browser back: the registered address, whatever `Host` says."""
        return f"{settings.OIDC_RP_BASE_URL}{CALLBACK}"

    def get_token(self, payload: dict[str, str]) -> dict[str, Any]:
        return provider.token(payload)

    def verify_token(self, token: Any, **kwargs: Any) -> dict[str, Any]:
        """The ID token's claims. `nonce` and `subject` as in `id_tokens.verified_claims`. Raises InvalidIdToken."""
        return id_tokens.verified_claims(
            token,
            keys=provider.jwks(),
            issuer=settings.OIDC_RP_ISSUER,
            client_id=settings.OIDC_RP_CLIENT_ID,
            nonce=kwargs.get("nonce"),
            subject=kwargs.get("subject"),
        )

    def redeem(self, code: str, attempt: Attempt, *, ends_at: float) -> Tokens:
        """Exchange an authorization code. Raises ProviderRefused, ProviderUnavailable, SignInFailed."""
        answer = self.get_token(
            {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": self.redirect_uri,
                "code_verifier": attempt.code_verifier,
            }
        )
        claims = self.verify_token(answer.get("id_token"), nonce=attempt.nonce)
        stepping_up.check(claims, attempt)
        return _tokens(answer, claims, ends_at=ends_at)

    def refresh(self, tokens: Tokens) -> Tokens:
        """Exchange a refresh token. Raises ProviderRefused, ProviderUnavailable, SignInFailed."""
        answer = self.get_token({"grant_type": "refresh_token", "refresh_token": tokens.refresh_token})
        id_token = answer.get("id_token")
        claims = self.verify_token(id_token, subject=tokens.subject) if id_token else _known(tokens)
        if claims.get("tenant", tokens.tenant) != tokens.tenant or claims.get("sid", tokens.sid) != tokens.sid:
            raise SignInFailed("the provider changed the tenant or the session of a refresh")
        # Both may be left out of the answer: then the old ones stay (RFC 6749 §6, OpenID Connect Core §12.2).
        kept = {"refresh_token": tokens.refresh_token, "id_token": tokens.id_token}
        return _tokens({**kept, **answer}, claims, ends_at=tokens.ends_at)

    def exchange(self, subject_token: str, own: Tokens) -> Tokens:
        """Tokens with which the person of `own` acts as another one (RFC 8693). Raises ProviderRefused,
        ProviderUnavailable, SignInFailed.
        """
        answer = self.get_token(
            {
                "grant_type": TOKEN_EXCHANGE,
                "subject_token": subject_token,
                "subject_token_type": _JWT,
                "actor_token": own.access_token,
                "actor_token_type": _ACCESS_TOKEN,
            }
        )
        # There is no ID token: the access token, which the services believe too, says who it is about.
        principal = authenticate(str(answer.get("access_token", "")))
        claims = {
            "sub": str(principal.subject),
            "name": principal.name,
            "email": principal.email,
            "tenant": str(principal.tenant_id),
            "sid": principal.session_id,
        }
        return _tokens(answer, claims, ends_at=own.ends_at)


def _tokens(answer: dict[str, Any], claims: dict[str, Any], *, ends_at: float) -> Tokens:
    access_token, kind = answer.get("access_token"), str(answer.get("token_type", ""))
    if not isinstance(access_token, str) or not access_token or kind.lower() != "bearer":
        raise SignInFailed("the provider sent no bearer token")
    return Tokens(
        access_token=access_token,
        refresh_token=str(answer.get("refresh_token") or ""),
        id_token=str(answer.get("id_token") or ""),
        expires_at=time.time() + float(answer.get("expires_in") or _DEFAULT_LIFETIME_S),
        ends_at=ends_at,
        subject=claims["sub"],
        **{name: str(claims.get(name, "")) for name in ("name", "email", "tenant", "sid")},
    )


def _known(tokens: Tokens) -> dict[str, Any]:
    return {
        "sub": tokens.subject,
        "name": tokens.name,
        "email": tokens.email,
        "tenant": tokens.tenant,
        "sid": tokens.sid,
    }
