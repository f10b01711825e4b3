"""The gateway's sessions of browsers: what a page remembers, and the name of the tokens' record (`vault`)."""

from __future__ import annotations

import hashlib
import time
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends import cache
from django.http import HttpRequest

from apps.gateway.bff import idle, vault
from apps.gateway.bff.vault import Tokens, redis_answers

_VAULT = "vault"
_OWN_VAULT = "own_vault"  # while its person acts as somebody else


class SessionStore(cache.SessionStore):
    """Django's cache store, with keys hashed (the browser's cookie is a secret) and a silent Redis told from an empty
    one: else an outage of a second would take everybody's cookie away.
    """

    cache_key_prefix = "bff.session."

    @property
    def cache_key(self) -> str:
        return self._address(self._get_or_create_session_key())  # type: ignore[attr-defined]

    def load(self) -> dict[str, Any]:
        with redis_answers() as redis:
            data = redis.get(self.cache_key)
        if isinstance(data, dict):
            return data
        self._session_key = None
        return {}

    def save(self, must_create: bool = False) -> None:
        with redis_answers():
            super().save(must_create)

    def exists(self, session_key: str) -> bool:
        with redis_answers() as redis:
            return bool(session_key) and self._address(session_key) in redis

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key:
            with redis_answers() as redis:
                redis.delete(self._address(key))

    def _address(self, session_key: str) -> str:
        return self.cache_key_prefix + hashlib.sha256(session_key.encode()).hexdigest()


def start(request: HttpRequest, tokens: Tokens) -> None:
    """Sign a browser in that was signed out (`end`): a session with a new id, which ends at `tokens.ends_at` whatever
    happens.
    """
    vault_id = vault.new_id()
    vault.keep(vault_id, tokens)
    idle.begin(vault_id)
    request.session[_VAULT] = vault_id
    request.session.set_expiry(datetime.fromtimestamp(tokens.ends_at, tz=UTC))


def end(request: HttpRequest) -> list[Tokens]:
    """Sign the browser out. Returns the tokens it had, those of its own person first."""
    ids = [str(request.session.get(name, "")) for name in (_OWN_VAULT, _VAULT)]
    held = [vault.read(vault_id) for vault_id in ids if vault_id]
    for vault_id in filter(None, ids):
        vault.forget(vault_id)
    request.session.flush()
    return [tokens for tokens in held if tokens is not None]


def act_as(request: HttpRequest, tokens: Tokens) -> None:
    """Let the browser act with these tokens of another person until it stops, its own ones put aside."""
    vault_id = vault.new_id()
    vault.keep(vault_id, tokens)
    idle.begin(vault_id)
    request.session[_OWN_VAULT] = vault_of(request)
    request.session[_VAULT] = vault_id
    request.session.cycle_key()


def act_as_oneself(request: HttpRequest) -> Tokens | None:
    """Take up the browser's own tokens again. Returns the other person's, if they still were good."""
    tokens = tokens_of(request)
    vault.forget(vault_of(request))
    request.session[_VAULT] = request.session.pop(_OWN_VAULT)
    request.session.cycle_key()
    return tokens


def is_acting(request: HttpRequest) -> bool:
    """True while the browser's person acts as somebody else."""
    return _OWN_VAULT in request.session


def vault_of(request: HttpRequest) -> str:
    """The name of the record with this browser's tokens, or ""."""
    return str(request.session.get(_VAULT, ""))


def tokens_of(request: HttpRequest) -> Tokens | None:
    """The tokens of this browser as they are, or None."""
    return _live(vault_of(request))


def own_tokens_of(request: HttpRequest) -> Tokens | None:
    """As `tokens_of`, but of the browser's own person while they act as somebody else."""
    return _live(str(request.session.get(_OWN_VAULT, "")) or vault_of(request))


def vaults_of(request: HttpRequest) -> list[str]:
    """The names of all records of this browser: the one in use, and the one put aside."""
    return [str(request.session[name]) for name in (_VAULT, _OWN_VAULT) if request.session.get(name)]


def _live(vault_id: str) -> Tokens | None:
    return vault.read(vault_id) if vault_id and not idle.is_over(vault_id) else None


def absolute_end() -> float:
    """When a session that starts now ends, in seconds since the epoch."""
    return time.time() + float(settings.SESSION_COOKIE_AGE)
