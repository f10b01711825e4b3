"""Where the tokens of a browser session are kept: encrypted in Redis, apart from the rest of the session.

Apart, because a session is read, changed and written as a whole: a slow request would write back tokens that were
refreshed in the meantime.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import msgspec
from django.conf import settings
from django.core.cache import caches
from django_redis.exceptions import ConnectionInterrupted
from redis.exceptions import RedisError

from apps.core.crypto.sealing import Unreadable, seal, unseal
from apps.gateway.bff.errors import SessionsUnavailable

_PURPOSE = "tokens"
_ID_BYTES = 32
_REPLACE = """
if redis.call('get', KEYS[2]) ~= ARGV[3] then return 0 end
return redis.call('set', KEYS[1], ARGV[1], 'xx', 'ex', ARGV[2]) and 1 or 0
"""


class Tokens(msgspec.Struct, frozen=True):
    """What the provider gave for one sign-in, and whom it is about. Times are seconds since the epoch."""

    access_token: str
    refresh_token: str
    id_token: str
    expires_at: float
    ends_at: float
    subject: str
    name: str = ""
    email: str = ""
    tenant: str = ""
    sid: str = ""

    def is_near_expiry(self) -> bool:
        """True when the access token should be replaced before it is used again."""
        return bool(self.expires_at - time.time() < settings.BFF_REFRESH_BEFORE_EXPIRY_S)

    def is_usable(self) -> bool:
        """True while the access token is accepted."""
        return self.expires_at > time.time()


class Lease(NamedTuple):
    """Where it says in Redis who may write (`leases`), and what is there while it is us."""

    key: str
    token: bytes


def new_id() -> str:
    """The name of a new record: random, and never told to a browser."""
    return secrets.token_urlsafe(_ID_BYTES)


def keep(vault_id: str, tokens: Tokens) -> None:
    """Store or replace the tokens until their session ends. Raises SessionsUnavailable."""
    left_s = int(tokens.ends_at - time.time())
    if left_s <= 0:
        return forget(vault_id)
    sealed = seal(msgspec.json.encode(tokens), purpose=_PURPOSE, place=vault_id)
    with redis_answers() as redis:
        redis.set(_key(vault_id), sealed, left_s)
        _index(redis, vault_id, tokens)
    return None


def replace(vault_id: str, tokens: Tokens, lease: Lease) -> bool:
    """Store newer tokens where there are some, and the lease is still ours: those of a session that ended meanwhile
    stay away, and so do those of a holder whom another has overtaken. False then. Raises SessionsUnavailable.
    """
    left_s = int(tokens.ends_at - time.time())
    sealed = seal(msgspec.json.encode(tokens), purpose=_PURPOSE, place=vault_id)
    with redis_answers() as redis:
        client, value = redis.client.get_client(write=True), redis.client.encode(sealed)
        keys = (redis.make_key(_key(vault_id)), lease.key)
        return left_s > 0 and bool(client.eval(_REPLACE, 2, *keys, value, left_s, lease.token))


def is_held(lease: Lease) -> bool:
    """True while the lease is ours. Raises SessionsUnavailable."""
    with redis_answers() as redis:
        return bool(redis.client.get_client(write=True).get(lease.key) == lease.token)


def read(vault_id: str) -> Tokens | None:
    """The tokens, or None when there are none, they are over or cannot be read. Raises SessionsUnavailable."""
    with redis_answers() as redis:
        sealed = redis.get(_key(vault_id))
    if not isinstance(sealed, bytes):
        return None
    try:
        tokens = msgspec.json.decode(unseal(sealed, purpose=_PURPOSE, place=vault_id), type=Tokens)
    except (Unreadable, msgspec.DecodeError):
        return None
    return tokens if tokens.ends_at > time.time() else None


def forget(vault_id: str) -> None:
    """Remove the tokens. Safe to repeat. Raises SessionsUnavailable."""
    with redis_answers() as redis:
        redis.delete(_key(vault_id))


def forget_session(*, sid: str = "", subject: str = "") -> list[Tokens]:
    """Remove the tokens of every browser session that belongs to a session of the provider (`sid`), or to a person.

    Returns those that there were. Safe to repeat. Raises SessionsUnavailable.
    """
    index = _index_key("sid", sid) if sid else _index_key("sub", subject)
    with redis_answers() as redis:
        client = redis.client.get_client(write=True)
        ids = [member.decode() for member in client.smembers(redis.make_key(index))]
        found = [tokens for vault_id in ids if (tokens := read(vault_id))]
        redis.delete_many([*(_key(vault_id) for vault_id in ids), index])
    return found


@contextmanager
def redis_answers() -> Iterator[Any]:
    """The Redis that keeps sessions. Raises SessionsUnavailable where it does not answer."""
    try:
        yield caches[settings.SESSION_CACHE_ALIAS]
    except (ConnectionInterrupted, RedisError) as error:
        raise SessionsUnavailable from error


def _index(redis: Any, vault_id: str, tokens: Tokens) -> None:
    """Let the tokens be found by the provider's session and by the person: these end without their browser."""
    client = redis.client.get_client(write=True)
    for index in (_index_key("sid", tokens.sid), _index_key("sub", tokens.subject)):
        key = redis.make_key(index)
        client.sadd(key, vault_id)
        client.expire(key, settings.SESSION_COOKIE_AGE)


def _index_key(name: str, value: str) -> str:
    return f"bff.vaults.{name}.{value}"


def _key(vault_id: str) -> str:
    return f"bff.tokens.{vault_id}"
