"""The provider's own sessions (settings.SESSION_ENGINE), in Redis.

The id in the browser's cookie is a secret, so Redis is given its hash: whoever reads Redis cannot use what is there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.sessions.backends import cache
from django.core.cache import caches
from django.http import HttpRequest
from django.utils import timezone
from django_redis.exceptions import ConnectionInterrupted
from redis.exceptions import RedisError

from apps.iam.oidc import assurance
from apps.iam.oidc.errors import SessionsUnavailable
from apps.iam.sessions import queries

_KEY = "oidc"
_PREFIX = "provider."


class SessionStore(cache.SessionStore):
    """Django's cache store with hashed keys."""

    cache_key_prefix = _PREFIX

    @classmethod
    def address(cls, session_key: str) -> str:
        """Where a session lies in Redis."""
        return cls.cache_key_prefix + hashlib.sha256(session_key.encode()).hexdigest()

    def load(self) -> dict[str, Any]:
        """As Django's, but a Redis that does not answer is not an empty one: nobody is signed out by it. And a session
        that is over opens nothing, also if Redis was away when it was ended. One statement where somebody is signed in.
        """
        with _redis_answers():
            data = self._cache.get(self.cache_key)  # type: ignore[attr-defined]
        if isinstance(data, dict) and _is_live(data):
            return data
        self._session_key = None
        return {}

    def save(self, must_create: bool = False) -> None:
        with _redis_answers():
            super().save(must_create)

    @property
    def cache_key(self) -> str:
        return self.address(self._get_or_create_session_key())  # type: ignore[attr-defined]

    def exists(self, session_key: str) -> bool:
        return bool(session_key) and self.address(session_key) in self._cache  # type: ignore[attr-defined]

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key:
            self._cache.delete(self.address(key))  # type: ignore[attr-defined]


def _is_live(data: dict[str, Any]) -> bool:
    """True for a session in which nobody is signed in yet, too."""
    return _KEY not in data or queries.is_live(UUID(data[_KEY]["sid"]), now=timezone.now())


@contextmanager
def _redis_answers() -> Iterator[None]:
    try:
        yield
    except (ConnectionInterrupted, RedisError) as error:
        raise SessionsUnavailable from error


def begin(request: HttpRequest, amr: Iterable[str] = ("pwd",), *, within: UUID | None = None) -> UUID:
    """Give the session of somebody who has just proved who they are an id for tokens, and an end that never moves.

    `amr` says by which methods (assurance.METHODS); they replace earlier ones. The same person signing in again goes
    on in the same session and tenant, under another cookie (session fixation). `within`: the only tenant in which these
    methods count. Raises ValueError on an unknown method.
    """
    session: Any = request.session
    before = session.get(_KEY, {})
    sid = UUID(before["sid"]) if before else uuid4()
    session.set_expiry(timezone.now() + timedelta(seconds=settings.SESSION_COOKIE_AGE))
    tenant_id = str(within) if within else before.get("tenant_id")
    _prove(request, sid=sid, amr=amr, tenant_id=tenant_id, within=str(within) if within else None)
    return sid


def step_up(request: HttpRequest, amr: Iterable[str]) -> None:
    """Add methods by which the signed-in person has just proved once more who they are: another factor, say.

    Under another cookie, and with a new time of authentication; the end of the session stays where it is. Raises
    ValueError on an unknown method.
    """
    sid = sid_of(request)
    facts = request.session[_KEY]
    _prove(request, sid=sid, amr=(*amr_of(request), *amr), tenant_id=facts["tenant_id"], within=facts.get("within"))


def _prove(request: HttpRequest, *, sid: UUID, amr: Iterable[str], tenant_id: str | None, within: str | None) -> None:
    session: Any = request.session
    used, now = assurance.methods(amr), timezone.now()
    session.cycle_key()
    session[_KEY] = {
        "sid": str(sid),
        "authenticated_at": now.isoformat(),
        "amr": list(used),
        "tenant_id": tenant_id,
        "within": within,
    }
    _remember(request, sid=sid, amr=used)
    caches[settings.SESSION_CACHE_ALIAS].set(
        _by_sid(sid), SessionStore.address(session.session_key), settings.SESSION_COOKIE_AGE
    )


def _remember(request: Any, *, sid: UUID, amr: tuple[str, ...]) -> None:
    from apps.iam.sessions import commands  # late: ending a session needs this module

    commands.begin_session(
        session_id=sid,
        user_id=request.user.pk,
        acr=assurance.level(amr),
        amr=amr,
        expires_at=request.session.get_expiry_date(),
        now=timezone.now(),
    )


def sid_of(request: HttpRequest) -> UUID:
    """The id of the signed-in person's session, begun now if it was not yet."""
    facts = request.session.get(_KEY)
    return UUID(facts["sid"]) if facts else begin(request)


def authenticated_at(request: HttpRequest) -> datetime:
    """When the person proved who they are."""
    sid_of(request)
    return datetime.fromisoformat(request.session[_KEY]["authenticated_at"])


def amr_of(request: HttpRequest) -> tuple[str, ...]:
    """By which methods the person proved who they are, as in RFC 8176."""
    sid_of(request)
    return tuple(request.session[_KEY].get("amr", ("pwd",)))


def acr_of(request: HttpRequest) -> str:
    """How sure we are of the person: one of assurance.LEVELS."""
    sid_of(request)
    return assurance.level(amr_of(request))


def tenant_of(request: HttpRequest) -> UUID | None:
    """The tenant chosen in this session."""
    chosen = request.session.get(_KEY, {}).get("tenant_id")
    return UUID(chosen) if chosen else None


def within(request: HttpRequest) -> UUID | None:
    """The only tenant in which this sign-in counts, since that tenant's own provider vouched for it; None for all."""
    found = request.session.get(_KEY, {}).get("within")
    return UUID(found) if found else None


def choose_tenant(request: HttpRequest, tenant_id: UUID) -> None:
    """Remember the tenant for the rest of the session."""
    sid_of(request)
    request.session[_KEY] = {**request.session[_KEY], "tenant_id": str(tenant_id)}


def forget_tenant(request: HttpRequest) -> None:
    """Let the person choose anew."""
    sid_of(request)
    request.session[_KEY] = {**request.session[_KEY], "tenant_id": None}


def keep(sid: UUID, auth_hash: str) -> None:
    """Let the session go on although the person's password is another one now, whose session hash is given."""
    store: Any = caches[settings.SESSION_CACHE_ALIAS]
    with _redis_answers():
        address = store.get(_by_sid(sid))
        data = store.get(address) if address else None
        if isinstance(data, dict):
            store.set(address, {**data, HASH_SESSION_KEY: auth_hash}, store.ttl(address))


def destroy(sid: UUID) -> None:
    """Forget the session wherever its browser is. Safe to repeat. Raises SessionsUnavailable."""
    store = caches[settings.SESSION_CACHE_ALIAS]
    with _redis_answers():
        address = store.get(_by_sid(sid))
        if address:
            store.delete_many([address, _by_sid(sid)])


def _by_sid(sid: UUID) -> str:
    return f"{_PREFIX}sid.{sid}"
