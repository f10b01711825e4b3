"""Sign-ins under way. Each lives in an encrypted cookie of its own, named after its `state`, so that several tabs can
sign in at once and an anonymous visitor costs the server nothing. A browser keeps a bounded number of them.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from typing import Any

import msgspec
from django.conf import settings
from django.core.cache import caches
from django.http import HttpRequest, HttpResponse

from apps.core.api import cookies
from apps.core.crypto.sealing import Unreadable, seal_text, unseal_text
from apps.gateway.bff.errors import AttemptUnknown

_PURPOSE = "sign-in"
_RANDOM_BYTES = 32
_TAG_LENGTH = 16


class Attempt(msgspec.Struct, frozen=True):
    """One sign-in under way: what ties the provider's answer to this browser (RFC 9700 §2.1)."""

    state: str
    nonce: str
    code_verifier: str
    return_to: str
    started_at: float
    # A step-up (RFC 9470): what was asked of the provider, and whether a form waits to be sent again.
    acr_values: str = ""
    max_age_s: int | None = None
    again: bool = False
    # In which tenant somebody wants to work (slug or id), and in which they did before, if this is a switch.
    tenant: str = ""
    switched_from: str = ""

    @property
    def is_over(self) -> bool:
        return bool(time.time() - self.started_at > settings.BFF_SIGN_IN_TIMEOUT_S)


def begin(return_to: str, **wishes: Any) -> Attempt:
    """A new attempt with fresh secrets of 256 bits each. `wishes`: `acr_values`, `max_age_s`, `again`, `tenant`,
    `switched_from`.
    """
    state, nonce, verifier = (secrets.token_urlsafe(_RANDOM_BYTES) for _ in range(3))
    return Attempt(state, nonce, verifier, return_to, time.time(), **wishes)


def remember(attempt: Attempt, request: HttpRequest, response: HttpResponse) -> None:
    """Give the browser the attempt; the oldest make room where it has too many."""
    name = _cookie_name(attempt.state)
    sealed = seal_text(msgspec.json.encode(attempt), purpose=_PURPOSE, place=name)
    cookies.keep(response, name, sealed, max_age_s=settings.BFF_SIGN_IN_TIMEOUT_S)
    for surplus in _oldest_first(request)[: -(settings.BFF_PENDING_SIGN_INS - 1) or None]:
        cookies.forget(response, surplus)


def recall(state: str, request: HttpRequest) -> Attempt:
    """The attempt that the provider's answer belongs to, once. Raises AttemptUnknown."""
    attempt = _opened(_cookie_name(state), request)
    if attempt is None or attempt.is_over or not secrets.compare_digest(attempt.state.encode(), state.encode()):
        raise AttemptUnknown
    # A browser may load the callback twice; a second use of its code would revoke what the first has brought.
    if not caches[settings.SESSION_CACHE_ALIAS].add(f"bff.answered.{_tag(state)}", 1, settings.BFF_SIGN_IN_TIMEOUT_S):
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
    return f"{settings.COOKIE_PREFIX}bff_signin_"


def _tag(state: str) -> str:
    return hashlib.sha256(state.encode()).hexdigest()[:_TAG_LENGTH]
