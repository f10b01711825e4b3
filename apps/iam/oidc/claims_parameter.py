"""The `claims` request parameter (OpenID Connect Core §5.5): single claims for the ID token or for userinfo, beside
those that scopes bring. Pure functions.

A claim is asked of people under the name of the scope it belongs to, and a client that may not have the scope does not
get the claim either.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

ID_TOKEN, USERINFO = "id_token", "userinfo"
SCOPE_OF = {
    "sub": "openid",
    "sid": "openid",
    "tenant": "openid",
    "name": "profile",
    "locale": "profile",
    "zoneinfo": "profile",
    "email": "email",
    "email_verified": "email",
}
# In each ID token anyway, asked for or not.
ALWAYS = ("iss", "aud", "exp", "iat", "auth_time", "acr", "amr", "azp", "nonce")
_LENGTH = 4000

Requested = dict[str, dict[str, Any]]


def parsed(text: str) -> Requested:
    """What is asked for, by part. Members that we do not know are left out, as §5.5 says. Raises ValueError."""
    if not text:
        return {}
    if len(text) > _LENGTH:
        raise ValueError(f"claims is longer than {_LENGTH} characters")
    try:
        said = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError("claims is not JSON") from error
    if not isinstance(said, dict):
        raise ValueError("claims must be an object")
    return {part: _checked(part, said[part]) for part in (ID_TOKEN, USERINFO) if said.get(part) is not None}


def values(requested: Requested, name: str, *, essential: bool = False) -> tuple[str, ...]:
    """The values that the ID token's claim may have; none where any may. With `essential`: only if it must be so."""
    wish = requested.get(ID_TOKEN, {}).get(name) or {}
    if essential and wish.get("essential") is not True:
        return ()
    found = wish.get("values") if "value" not in wish else [wish["value"]]
    return tuple(str(value) for value in found or ())


def named(requested: Requested, part: str) -> set[str]:
    """The claims of ours that a part asks for."""
    return set(requested.get(part, {})) & set(SCOPE_OF)


def implied_scopes(requested: Requested, scopes: Iterable[str]) -> list[str]:
    """The scopes that people are asked about because of single claims, beyond the given ones."""
    asked = named(requested, ID_TOKEN) | named(requested, USERINFO)
    return sorted({SCOPE_OF[name] for name in asked} - set(scopes) - {"openid"})


def _checked(part: str, wishes: Any) -> dict[str, Any]:
    if not isinstance(wishes, dict):
        raise ValueError(f"claims.{part} must be an object")
    for name, wish in wishes.items():
        if wish is None:
            continue
        if not isinstance(wish, dict) or not isinstance(wish.get("essential", False), bool):
            raise ValueError(f"claims.{part}.{name} must be null or an object")
        if not isinstance(wish.get("values", []), list):
            raise ValueError(f"claims.{part}.{name}.values must be a list")
    return wishes
