"""The facts of one sign-in that travel from the provider's session over the code into every token."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4


@dataclass(frozen=True, slots=True)
class SignIn:
    """In which provider session (`sid`) and tenant somebody signed in, when, with which password (`auth_hash`, Django's
    session hash), and the family its tokens belong to; by which methods (`amr`), and how sure that makes us (`acr`).
    """

    sid: UUID | None
    tenant_id: UUID | None
    authenticated_at: datetime
    auth_hash: str
    token_family: UUID | None
    acr: str = ""
    amr: tuple[str, ...] = ()


def of_request(request: Any) -> SignIn | None:
    """The sign-in behind an oauthlib request.

    Looked up in the instance itself: oauthlib answers any other attribute with a parameter that the caller sent.
    """
    found = vars(request).get("sign_in")
    return found if isinstance(found, SignIn) else None


def of_row(row: Any) -> SignIn:
    """The sign-in that a grant or refresh token remembers."""
    return SignIn(
        row.sid, row.tenant_id, row.authenticated_at, row.auth_hash, row.token_family, row.acr, tuple(row.amr)
    )


def write_to(row: Any, found: SignIn) -> list[str]:
    """Let a row remember the sign-in; returns the names of its fields, for `save`."""
    row.sid, row.tenant_id, row.auth_hash = found.sid, found.tenant_id, found.auth_hash
    row.authenticated_at, row.token_family = found.authenticated_at, found.token_family
    row.acr, row.amr = found.acr, list(found.amr)
    return ["sid", "tenant_id", "auth_hash", "authenticated_at", "token_family", "acr", "amr"]


def new(
    *, sid: UUID, tenant_id: UUID, authenticated_at: datetime, auth_hash: str, acr: str, amr: tuple[str, ...]
) -> SignIn:
    """A sign-in at one more client, with a token family of its own."""
    return SignIn(sid, tenant_id, authenticated_at, auth_hash, uuid4(), acr, amr)


def claims(found: SignIn) -> dict[str, Any]:
    """What tokens say of it, in ID tokens (OpenID Connect Core §2) and access tokens (RFC 9068 §2.2.1) alike."""
    told: dict[str, Any] = {"auth_time": int(found.authenticated_at.timestamp())}
    told |= {"acr": found.acr} if found.acr else {}
    return told | ({"amr": list(found.amr)} if found.amr else {})
