"""Sign-ins with another identity provider that are under way.

Each lives in an encrypted cookie of its own, named after its `state`, so that several tabs can sign in at once and an
anonymous visitor costs the server nothing.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from uuid import UUID

import msgspec
from django.conf import settings
from django.core.cache import caches
from django.http import HttpRequest, HttpResponse

from apps.core.api import cookies
from apps.core.crypto.sealing import Unreadable, seal_text, unseal_text
from apps.iam.identity_providers.errors import AttemptUnknown

_PURPOSE = "federated sign-in"
_RANDOM_BYTES = 32
_TAG_LENGTH = 16
LIVES_S = 600
MOST = 6


class Attempt(msgspec.Struct, frozen=True):
    """What ties a provider's answer to this browser (RFC 9700 §2.1), and what is to come of it.

    `fresh`: the person must sign in there anew, whatever session they have. `linking`: the person in whose account it
    was begun, for linking the identity instead of signing in.
    """

    state: str
    nonce: str
    code_verifier: str
    tenant_id: UUID
    provider_id: UUID
    onward: str
    started_at: float
    fresh: bool = False
    linking: UUID | None = None

    @property
    def is_over(self) -> bool:
        return time.time() - self.started_at > LIVES_S


def begin(
    *, tenant_id: UUID, provider_id: UUID, onward: str, fresh: bool = False, linking: UUID | None = None
) -> Attempt:
    """A new attempt with fresh secrets of 256 bits each."""
    state, nonce, verifier = (secrets.token_urlsafe(_RANDOM_BYTES) for _ in range(3))
    return Attempt(state, nonce, verifier, tenant_id, provider_id, onward, time.time(), fresh, linking)


def remember(attempt: Attempt, request: HttpRequest, response: HttpResponse) -> None:
    """Give the browser the attempt; the oldest make room where it has too many."""
    name = _cookie_name(attempt.state)
    sealed = seal_text(msgspec.json.encode(attempt), purpose=_PURPOSE, place=name)
    cookies.keep(response, name, sealed, max_age_s=LIVES_S)
    for surplus in _oldest_first(request)[: -(MOST - 1)]:
        cookies.forget(response, surplus)


def recall(state: str, request: HttpRequest) -> Attempt:
    """The attempt that a provider's answer belongs to, once. Raises AttemptUnknown."""
    attempt = _opened(_cookie_name(state), request)
    if attempt is None or attempt.is_over or not secrets.compare_digest(attempt.state.encode(), state.encode()):
        raise AttemptUnknown
    if not caches[settings.SESSION_CACHE_ALIAS].add(f"provider.federated.{_tag(state)}", 1, LIVES_S):
        raise AttemptUnknown
    return attempt


def forget(state: str, response: HttpResponse) -> None:
    """Take the attempt from the browser."""
    cookies.forget(response, _cookie_name(state))


def _oldest_first(request: HttpRequest) -> list[str]:
    found = {name: _opened(name, request) for name in request.COOKIES if name.startswith(_prefix())}
    return sorted(found, key=lambda name: attempt.started_at if (attempt := found[name]) else 0.0)


def _opened(name: str, request: HttpRequest) -> Attempt | None:
    try:
        data = unseal_text(request.COOKIES.get(name, ""), purpose=_PURPOSE, place=name)
        return msgspec.json.decode(data, type=Attempt)
    except (Unreadable, msgspec.DecodeError):
        return None


def _cookie_name(state: str) -> str:
    return _prefix() + _tag(state)


def _prefix() -> str:
    return f"{settings.COOKIE_PREFIX}federated_"


def _tag(state: str) -> str:
    return hashlib.sha256(state.encode("utf-8", "replace")).hexdigest()[:_TAG_LENGTH]
