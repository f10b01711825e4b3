"""A fresh access token for a session, with one refresh however many requests need it.

A refresh token works once: two requests that both used it would look like theft and end the session.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from prometheus_client import Counter
from redis.exceptions import LockError

from apps.core.errors import Unavailable
from apps.core.observability import get_logger
from apps.gateway.bff import refusals, vault
from apps.gateway.bff.errors import ProviderRefused, SignInFailed
from apps.gateway.bff.relying_party import RelyingParty
from apps.gateway.bff.vault import Tokens, redis_answers

_LOOK_AGAIN_S = 0.02
_refreshes = Counter("bff_token_refreshes_total", "Access tokens refreshed for browser sessions.", ["outcome"])
_logger = get_logger("gateway.bff")


def fresh_tokens(vault_id: str) -> Tokens | None:
    """The session's tokens, refreshed if their end is near. None when the session is over.

    Raises ProviderUnavailable or SessionsUnavailable when that cannot be found out and the old ones no longer serve.
    """
    tokens = vault.read(vault_id)
    if tokens is None or not tokens.is_near_expiry():
        return tokens
    with _alone(vault_id) as alone:
        current = vault.read(vault_id)
        if current is None or current.access_token != tokens.access_token:
            return current  # somebody signed out, or refreshed while we waited
        if not alone:
            return _still_usable(current, Unavailable("another request is still refreshing this session"))
        return _refreshed(vault_id, current)


def _refreshed(vault_id: str, tokens: Tokens) -> Tokens | None:
    try:
        newer = RelyingParty().refresh(tokens)
    except (ProviderRefused, SignInFailed) as error:
        vault.forget(vault_id)
        _refreshes.labels("refused").inc()
        _logger.info("session ended: its refresh was refused", reason=str(error), sid=tokens.sid)
        if not (isinstance(error, ProviderRefused) and error.is_recorded):
            refusals.tell_of_refused_refresh(tokens, reason=str(error))
        return None
    except Unavailable as error:
        _refreshes.labels("unavailable").inc()
        return _still_usable(tokens, error)
    _refreshes.labels("done").inc()
    return newer if vault.replace(vault_id, newer) else None


def _still_usable(tokens: Tokens, otherwise: Unavailable) -> Tokens:
    if tokens.is_usable():
        return tokens
    raise otherwise


@contextmanager
def _alone(vault_id: str) -> Iterator[bool]:
    """True inside when nobody else refreshes this session, in any process; False when waiting for that took too long.

    The lock outlives the longest refresh, so that it is not taken by a second one meanwhile.
    """
    with redis_answers() as redis:
        lock: Any = redis.lock(
            f"bff.refresh.{vault_id}",
            timeout=settings.BFF_REFRESH_WAIT_S * 2 + settings.OIDC_TIMEOUT * 2,
            blocking_timeout=settings.BFF_REFRESH_WAIT_S,
            sleep=_LOOK_AGAIN_S,
        )
        alone = lock.acquire()
    try:
        yield alone
    finally:
        if alone:
            _release(lock)


def _release(lock: Any) -> None:
    try:
        with redis_answers():
            lock.release()
    except (LockError, Unavailable):
        _logger.warning("the lock of a refresh was lost before it was released")
