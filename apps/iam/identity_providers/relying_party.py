"""The platform as a client of somebody else's provider: OpenID Connect Core §3.1, with PKCE, and RFC 9207, RFC 9700.

The provider is not believed a word that is not signed, meant for us, of now, and an answer to what this browser asked.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

from django.conf import settings

from apps.core.auth import id_tokens
from apps.core.crypto.sealing import Unreadable
from apps.iam.identity_providers import metadata
from apps.iam.identity_providers.attempts import Attempt
from apps.iam.identity_providers.errors import (
    AcrNotReached,
    FederatedSignInFailed,
    NotFreshEnough,
    ProviderMisconfigured,
    ProviderRefused,
    WrongIssuer,
)
from apps.iam.identity_providers.identities import Identity, found_at, identity_of
from apps.iam.identity_providers.metadata import Metadata
from apps.iam.identity_providers.models import IdentityProvider

LEEWAY_S = 30
_ERROR_CODE = re.compile(r"[a-z_]{1,40}")


def redirect_uri(provider_id: object) -> str:
    """Where a provider sends people back. Each has its own, so that no answer can be taken for another's (RFC 9700
    §4.4.2.2).
    """
    return f"{settings.BASE_URL.rstrip('/')}/sign-in/with/{provider_id}/callback"


def authorization_url(provider: IdentityProvider, attempt: Attempt, *, login_hint: str = "") -> str:
    """Where the browser goes to sign in there. Raises ProviderUnreachable, ProviderMisconfigured."""
    endpoint = metadata.metadata_of(provider.issuer).authorization_endpoint
    digest = hashlib.sha256(attempt.code_verifier.encode()).digest()
    parameters = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": redirect_uri(provider.id),
        "scope": " ".join(provider.scopes),
        "state": attempt.state,
        "nonce": attempt.nonce,
        "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
        "code_challenge_method": "S256",
        "acr_values": " ".join(provider.acr_values),
        "login_hint": login_hint,
        **({"prompt": "login", "max_age": "0"} if attempt.fresh else {}),
    }
    query = urlencode({name: value for name, value in parameters.items() if value})
    return f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{query}"


def identity(provider: IdentityProvider, attempt: Attempt, answer: Mapping[str, str]) -> Identity:
    """Who the provider says this is, by its answer to the browser.

    Raises FederatedSignInFailed, InvalidIdToken, ProviderUnreachable, ProviderMisconfigured.
    """
    published = metadata.metadata_of(provider.issuer)
    code = _code_in(answer, published)
    tokens = _redeemed(provider, published, code, attempt)
    claims = _verified(provider, published, tokens, attempt)
    return identity_of(provider, _with_userinfo(provider, published, tokens, claims))


def _code_in(answer: Mapping[str, str], published: Metadata) -> str:
    """The code of a well-formed answer; who it comes from is looked at first (RFC 9207 §2.4)."""
    issuer = answer.get("iss")
    if issuer != published.issuer and (issuer is not None or published.names_itself):
        raise WrongIssuer
    if error := answer.get("error"):
        raise ProviderRefused(f"the identity provider answered: {_shown(error)}")
    code = answer.get("code")
    if not code:
        raise FederatedSignInFailed("the identity provider sent no code")
    return code


def _redeemed(provider: IdentityProvider, published: Metadata, code: str, attempt: Attempt) -> dict[str, Any]:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri(provider.id),
        "code_verifier": attempt.code_verifier,
    }
    headers: dict[str, str] = {}
    _authenticate(provider, published, form, headers)
    status, tokens = metadata.answered_json(published.token_endpoint, form=form, headers=headers)
    if status in (400, 401):
        raise ProviderRefused(f"the identity provider refused the code: {_shown(str(tokens.get('error', '')))}")
    if status != 200:
        raise ProviderMisconfigured(f"its token endpoint answers {status}")
    if str(tokens.get("token_type", "")).lower() != "bearer" or not isinstance(tokens.get("access_token"), str):
        raise FederatedSignInFailed("the identity provider sent no bearer token")
    return tokens


def _authenticate(
    provider: IdentityProvider, published: Metadata, form: dict[str, str], headers: dict[str, str]
) -> None:
    """Say who we are, as the provider wants it: RFC 6749 §2.3.1; by PKCE alone where we have no secret."""
    try:
        secret = provider.secret()
    except Unreadable as error:
        raise ProviderMisconfigured("its client secret was sealed with another key: enter it again") from error
    methods = published.token_auth_methods
    if secret and ("client_secret_basic" in methods or "client_secret_post" not in methods):
        pair = f"{quote_plus(provider.client_id)}:{quote_plus(secret)}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        return
    form["client_id"] = provider.client_id
    if secret:
        form["client_secret"] = secret


def _verified(
    provider: IdentityProvider, published: Metadata, tokens: Mapping[str, Any], attempt: Attempt
) -> dict[str, Any]:
    id_token = tokens.get("id_token")

    def claims_by(keys: dict[str, Any]) -> dict[str, Any]:
        return id_tokens.verified_claims(
            id_token,
            keys=keys,
            issuer=published.issuer,
            client_id=provider.client_id,
            nonce=attempt.nonce,
            leeway_s=LEEWAY_S,
        )

    try:
        claims = claims_by(metadata.keys_of(published))
    except id_tokens.UnknownKey:
        claims = claims_by(metadata.keys_of(published, again=True))
    id_tokens.check_access_token(
        claims, algorithm=str(id_tokens.header_of(str(id_token))["alg"]), access_token=tokens["access_token"]
    )
    if attempt.fresh and id_tokens.instant(claims, "auth_time") + LEEWAY_S < attempt.started_at:
        raise NotFreshEnough
    if provider.acr_values and claims.get("acr") not in provider.acr_values:
        raise AcrNotReached
    return claims


def _with_userinfo(
    provider: IdentityProvider, published: Metadata, tokens: Mapping[str, Any], claims: dict[str, Any]
) -> dict[str, Any]:
    """The claims, with those that only the userinfo endpoint tells. What was signed goes before what was not."""
    wanted = [provider.email_claim, provider.name_claim, *([provider.groups_claim] if provider.groups_claim else [])]
    if not published.userinfo_endpoint or all(found_at(claims, name) is not None for name in wanted):
        return claims
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    told = metadata.fetched_json(published.userinfo_endpoint, headers=headers)
    if told.get("sub") != claims["sub"]:  # OpenID Connect Core §5.3.2
        raise FederatedSignInFailed("the identity provider's user information is about somebody else")
    together = {**told, **claims}
    if "email" not in claims:
        return together
    # An address and whether it is verified belong together: neither half may come from elsewhere.
    return {**together, "email_verified": claims.get("email_verified")}


def _shown(error: str) -> str:
    return error if _ERROR_CODE.fullmatch(error) else "unknown error"
