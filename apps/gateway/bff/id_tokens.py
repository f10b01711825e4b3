"""Verification of ID tokens, as `apps.core.auth.id_tokens` does it, for the one provider that the gateway trusts."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from apps.core.auth import id_tokens
from apps.core.auth.id_tokens import LEEWAY_S
from apps.gateway.bff.errors import InvalidIdToken

__all__ = ["ALGORITHMS", "LEEWAY_S", "check_parties", "check_times", "signed_claims", "verified_claims"]

ALGORITHMS = ("ES256", "RS256")


def verified_claims(
    id_token: Any, *, keys: dict[str, Any], issuer: str, client_id: str, nonce: str | None, subject: str | None = None
) -> dict[str, Any]:
    """The claims of an ID token that `issuer` made for us, now, for this sign-in. Raises InvalidIdToken.

    `nonce` is the one that was sent, None after a refresh, where a token need not repeat it; then `subject` says who
    it must still be about.
    """
    with _refusals():
        return id_tokens.verified_claims(
            id_token,
            keys=keys,
            issuer=issuer,
            client_id=client_id,
            nonce=nonce,
            subject=subject,
            algorithms=ALGORITHMS,
        )


def signed_claims(token: Any, keys: dict[str, Any], *, types: Collection[str] = ("jwt",)) -> dict[str, Any]:
    """What the provider has signed, as a token of one of these types. Raises InvalidIdToken."""
    with _refusals():
        return id_tokens.signed_claims(token, keys, types=types, algorithms=ALGORITHMS)


def check_parties(claims: dict[str, Any], *, issuer: str, client_id: str) -> None:
    """Raises InvalidIdToken unless it was made by `issuer` for `client_id`."""
    with _refusals():
        id_tokens.check_parties(claims, issuer=issuer, client_id=client_id)


def check_times(claims: dict[str, Any]) -> None:
    """Raises InvalidIdToken unless it was made now and still holds."""
    with _refusals():
        id_tokens.check_times(claims)


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except id_tokens.InvalidIdToken as error:
        raise InvalidIdToken(error.detail) from error
