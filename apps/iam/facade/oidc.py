"""The identity provider's back channel for a relying party in the same process (see `iam.oidc.backchannel`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.iam.oidc.errors import USED_BEFORE, TokenRequestRefused

__all__ = ["USED_BEFORE", "TokenRequestRefused", "end_session", "jwks", "revoke", "token", "userinfo"]


def token(payload: Mapping[str, str]) -> dict[str, Any]:
    """The answer of the token endpoint (RFC 6749 §5.1). Raises TokenRequestRefused."""
    from apps.iam.oidc import backchannel

    return backchannel.token(payload)


def jwks() -> dict[str, Any]:
    """The provider's public keys (RFC 7517 §5)."""
    from apps.iam.oidc import queries

    return queries.jwks()


def userinfo(access_token: str) -> dict[str, Any]:
    """The claims of the person behind an access token. Raises TokenRequestRefused."""
    from apps.iam.oidc import backchannel

    return backchannel.userinfo(access_token)


def revoke(payload: Mapping[str, str]) -> None:
    """Revoke a token (RFC 7009). Raises TokenRequestRefused."""
    from apps.iam.oidc import backchannel

    backchannel.revoke(payload)


def end_session(*, id_token: str) -> bool:
    """End the provider session that an ID token was issued in, with all its tokens. False where there was none to end.
    Safe to repeat.
    """
    from apps.iam.oidc import backchannel

    return backchannel.end_session(id_token=id_token)
