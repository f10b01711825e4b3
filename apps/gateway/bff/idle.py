"""When a browser's session ends because nobody does anything: known to Redis for all sessions, in one sorted set."""

from __future__ import annotations

import time

from django.conf import settings
from django.http import HttpRequest

from apps.core.auth import session_news
from apps.core.errors import DomainError
from apps.core.observability import get_logger
from apps.gateway.bff import provider, vault
from apps.gateway.bff.vault import Tokens, redis_answers

_ENDS = "bff.idle"
_ACCURACY_S = 30  # it is not noted more often
_BATCH = 500
_logger = get_logger("gateway.bff")


def begin(vault_id: str) -> None:
    """From now on the session is waited for. Raises SessionsUnavailable."""
    if settings.SESSION_IDLE_S:
        with redis_answers() as redis:
            redis.client.get_client(write=True).zadd(redis.make_key(_ENDS), {vault_id: _next_end()})


def end_of(vault_id: str) -> float | None:
    """When the session ends if nothing is done until then, in seconds since the epoch; None where it has no such end.

    Raises SessionsUnavailable.
    """
    with redis_answers() as redis:
        found = redis.client.get_client(write=True).zscore(redis.make_key(_ENDS), vault_id)
    return float(found) if found is not None and settings.SESSION_IDLE_S else None


def is_over(vault_id: str) -> bool:
    """True once nothing was done for too long. Raises SessionsUnavailable."""
    end = end_of(vault_id)
    return end is not None and end <= time.time()


def note(request: HttpRequest, vault_ids: list[str]) -> None:
    """Somebody is there: the sessions' end is put off, or has come already. Raises SessionsUnavailable."""
    for vault_id in vault_ids:
        end = end_of(vault_id)
        if end is not None and end <= time.time():
            finish(vault_id)
        elif not _is_by_itself(request) and (end is None or end < _next_end() - _ACCURACY_S):
            begin(vault_id)


def finish_all() -> int:
    """End the sessions whose time has come, with their tokens; pages that are open somewhere are told. Returns how
    many there were. Safe to run twice, or twice at once. Raises SessionsUnavailable.
    """
    with redis_answers() as redis:
        client, key = redis.client.get_client(write=True), redis.make_key(_ENDS)
        over = client.zrangebyscore(key, "-inf", time.time(), start=0, num=_BATCH)
    return sum(finish(member.decode()) for member in over)


def finish(vault_id: str) -> bool:
    """End one. True if there was one. Its tokens are given back: elsewhere the person may be busy in the same sign-in,
    so that stays, and whoever comes back here proves who they are (`Login`).
    """
    tokens = vault.read(vault_id)
    vault.forget(vault_id)
    with redis_answers() as redis:
        redis.client.get_client(write=True).zrem(redis.make_key(_ENDS), vault_id)
    if tokens is None:
        return False
    _give_back(tokens)
    session_news.tell_end(tokens.sid)
    _logger.info("session ended: nobody was there", sid=tokens.sid)
    return True


def _give_back(tokens: Tokens) -> None:
    """As far as the provider can be reached: they are forgotten here either way."""
    try:
        if tokens.refresh_token:
            provider.revoke(tokens.refresh_token)
    except DomainError as error:
        _logger.warning("a refresh token could not be revoked", reason=str(error), sid=tokens.sid)


def _next_end() -> float:
    return float(time.time() + settings.SESSION_IDLE_S)


def _is_by_itself(request: HttpRequest) -> bool:
    """True for what a page does without anybody there: streams, and what it says so of."""
    return "X-Background" in request.headers or "text/event-stream" in request.headers.get("Accept", "")
