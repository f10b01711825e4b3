"""Who an identity provider says that somebody is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apps.iam.identity_providers.models import SUBJECT_LENGTH, IdentityProvider
from apps.iam.users.names import EMAIL_LENGTH, NAME_LENGTH, folded

_MOST_GROUPS = 1000


@dataclass(frozen=True, slots=True)
class Identity:
    """One identity at one provider, as its verified claims describe it. `email` is "" where none is given."""

    subject: str
    email: str = ""
    email_verified: bool = False
    name: str = ""
    groups: frozenset[str] = frozenset()
    amr: frozenset[str] = frozenset()

    @property
    def email_domain(self) -> str:
        return folded(self.email).rpartition("@")[2]


def identity_of(provider: IdentityProvider, claims: Mapping[str, Any]) -> Identity:
    """Read the claims as the provider's settings say. What is missing or of another type is left empty."""
    email = _text(found_at(claims, provider.email_claim), EMAIL_LENGTH)
    name = " ".join(_text(found_at(claims, provider.name_claim), NAME_LENGTH).split())
    return Identity(
        subject=str(claims["sub"])[:SUBJECT_LENGTH],
        email=email,
        # Some providers write it as text. Of another claim than `email` it says nothing.
        email_verified=provider.email_claim == "email" and _is_true(claims.get("email_verified")),
        name=name or email.partition("@")[0],
        groups=_texts(found_at(claims, provider.groups_claim)) if provider.groups_claim else frozenset(),
        amr=_texts(claims.get("amr")),
    )


def _is_true(value: Any) -> bool:
    return value is True or value == "true"


def found_at(claims: Mapping[str, Any], path: str) -> Any:
    """A claim by its name; by a path of names where there is none of that name: `realm_access.roles`."""
    if path in claims:
        return claims[path]
    found: Any = claims
    for part in path.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _text(value: Any, longest: int) -> str:
    text = value.strip() if isinstance(value, str) else ""
    return text if len(text) <= longest and text.isprintable() else ""


def _texts(value: Any) -> frozenset[str]:
    values = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    return frozenset(one for one in values[:_MOST_GROUPS] if isinstance(one, str))
