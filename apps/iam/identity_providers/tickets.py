"""Shows that a person followed a link of ours to have an identity linked, and nobody else's.

Otherwise another site could have a signed-in person linked with an identity of its owner, who then could sign in.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.core import signing

from apps.core.auth import Principal
from apps.iam.identity_providers import queries
from apps.iam.identity_providers.models import IdentityLink, IdentityProvider

_SALT = "identity_providers.link"
_GOOD_S = 1800


@dataclass(frozen=True, slots=True)
class Linkable:
    """A provider that the person may link, and the address that begins it."""

    provider: IdentityProvider
    path: str


@dataclass(frozen=True, slots=True)
class OwnIdentities:
    """What the account's Security page shows."""

    links: list[IdentityLink]
    linkable: list[Linkable]


def identities_of(principal: Principal) -> OwnIdentities:
    """A person's linked identities in this tenant, and what else could be linked. Two statements."""
    links = list(queries.links_of(principal.subject))
    linked = {link.provider_id for link in links}
    free = [provider for provider in queries.in_use() if provider.id not in linked]
    return OwnIdentities(links, [Linkable(provider, _path(provider.id, principal)) for provider in free])


def is_good(ticket: str, principal: Principal, provider_id: UUID) -> bool:
    """True for a ticket that this person was given a short while ago, in this session, for this provider."""
    try:
        return bool(signing.loads(ticket, salt=_SALT, max_age=_GOOD_S) == _facts(provider_id, principal))
    except signing.BadSignature:
        return False


def _path(provider_id: UUID, principal: Principal) -> str:
    ticket = signing.dumps(_facts(provider_id, principal), salt=_SALT)
    return f"/account/security/identities/{provider_id}/link?ticket={ticket}"


def _facts(provider_id: UUID, principal: Principal) -> list[str]:
    return [str(provider_id), str(principal.subject), principal.session_id]
