"""Pairwise subjects (OpenID Connect Core §8.1): clients that may not compare notes know a person by different names.

The subject is a keyed hash of person and sector in the shape of a UUID, of version 8 (RFC 9562 §5.8), so that it cannot
be mistaken for an id of ours, which are of version 7. It is kept in a table when it is first told: so it stays the same
when DJANGO_SECRET_KEY changes, and our API finds the person behind an access token, which carries it too. (A subject
that we could unseal would change with the key, or bind the key for ever.) `sid` is the session's for all its clients.
Pure functions.
"""

from __future__ import annotations

from urllib.parse import urlsplit
from uuid import UUID

from django.utils.crypto import salted_hmac

from apps.iam.oidc.clients.uris import is_loopback

_VERSION, _VARIANT = 8, 0b10


def sector_of(client_id: str, redirect_uris: list[str]) -> str:
    """What clients that may compare notes have in common: the host that people are sent back to.

    A program on people's own machines has no host of its own, so it is its own sector. Raises ValueError where there
    are several hosts: which is meant would be for a sector_identifier_uri to say, which we do not fetch.
    """
    hosts = {urlsplit(uri).hostname or "" for uri in redirect_uris if not is_loopback(uri)}
    if len(hosts) > 1:
        raise ValueError(f"the redirect addresses are on several hosts: {', '.join(sorted(hosts))}")
    return hosts.pop() if hosts else client_id


def subject(sector: str, user_id: UUID) -> UUID:
    """What every client of the sector knows the person as."""
    digest = salted_hmac("oidc.pairwise", f"{sector}\n{user_id}", algorithm="sha256").digest()
    number = int.from_bytes(digest[:16], "big")
    number = number & ~(0xF << 76) | _VERSION << 76
    return UUID(int=number & ~(0b11 << 62) | _VARIANT << 62)


def is_pairwise(subject: UUID) -> bool:
    """True for a subject of ours that is no person's id."""
    return subject.version == _VERSION
