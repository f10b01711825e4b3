"""What the gateway itself refuses is told to the security log, also while identity and access is away.

Then it waits in Redis, in order and with the moment it happened at, and is told when its time has come. The buffer is
bounded: what finds no place is counted, logged, and told as a number later.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from django.conf import settings
from django.utils import timezone
from django_redis import get_redis_connection
from prometheus_client import Counter
from redis.exceptions import LockError, RedisError

from apps.core.db.ids import uuid7
from apps.core.errors import Unavailable
from apps.core.events.retry import is_outage
from apps.core.history import Actor, Origin, acting, coming_from, current_origin
from apps.core.observability import get_logger, trace_id
from apps.core.tenancy import PLATFORM
from apps.iam.facade import iam

NOBODY = PLATFORM
"""Whose security it is about where nobody is known."""

_WAITING, _LOST, _DELIVERING = "gateway.security_events", "gateway.security_events.lost", "gateway.security_events.lock"
_DELIVERY_S = 60
# Full: the oldest stay, since they tell how it began. One round trip, and no moment between asking and pushing.
_PUSH = """
if redis.call('llen', KEYS[1]) >= tonumber(ARGV[2]) then redis.call('incr', KEYS[2]) return 0 end
redis.call('rpush', KEYS[1], ARGV[1]) return 1
"""
_lost = Counter("gateway_security_events_lost_total", "Security events of the gateway that found no place to wait.")
_logger = get_logger("gateway.bff")


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """One event on its way: what happened, when, from where. Told once by its id, however often it is delivered."""

    id: UUID
    occurred_at: datetime
    kind: str
    outcome: str
    subject_id: UUID
    tenant_id: UUID | None
    session_id: str
    reason: str
    details: dict[str, str]
    actor_id: UUID | None
    actor_name: str
    address: str
    user_agent: str
    trace_id: str


def tell(
    kind: str,
    *,
    subject_id: UUID = NOBODY,
    outcome: str = "denied",
    tenant_id: UUID | None = None,
    session_id: str = "",
    reason: str = "",
    details: Mapping[str, str] | None = None,
    actor: Actor | None = None,
) -> None:
    """Record one security event, now or as soon as it can be. Never raises for want of a database or of Redis."""
    origin = current_origin()
    happened = Waiting(
        id=uuid7(),
        occurred_at=timezone.now(),
        kind=kind,
        outcome=outcome,
        subject_id=subject_id,
        tenant_id=tenant_id,
        session_id=session_id,
        reason=reason,
        details=dict(details or {}),
        actor_id=actor.id if actor else None,
        actor_name=actor.name if actor else "",
        address=origin.address,
        user_agent=origin.user_agent,
        trace_id=trace_id(),
    )
    if _is_anything_waiting():  # earlier ones go first
        _wait(happened)
        deliver()
    elif not _told(happened):
        _wait(happened)


def deliver() -> int:
    """Tell what waits, oldest first, as far as it can be told; returns how many were. Safe to run twice at once."""
    try:
        redis = get_redis_connection(settings.SESSION_CACHE_ALIAS)
        with _alone(redis) as alone:
            return _deliver(redis) if alone else 0
    except RedisError as error:
        _logger.warning("security events wait: Redis is away", error=str(error))
        return 0


def _deliver(redis: Any) -> int:
    count = 0
    while (first := redis.lindex(_WAITING, 0)) is not None:
        if not _told_or_given_up(first):
            return count
        redis.lpop(_WAITING)
        count += 1
    _tell_of_loss(redis)
    return count


def _told_or_given_up(data: bytes) -> bool:
    """False when it has to wait on. What can never be told would keep everything behind it waiting for ever."""
    try:
        return _told(msgspec.json.decode(data, type=Waiting))
    except (msgspec.DecodeError, ValueError) as error:
        _lost.inc()
        _logger.error("a security event that waited cannot be told", error=str(error))
        return True


def _tell_of_loss(redis: Any) -> None:
    """How many found no place to wait is a security event too."""
    lost = int(redis.get(_LOST) or 0)
    if lost and _told(_loss(lost)):
        redis.decrby(_LOST, lost)


def _told(happened: Waiting) -> bool:
    """False when identity and access, or its database, is away."""
    origin = Origin(address=happened.address, user_agent=happened.user_agent, session_id=happened.session_id)
    with coming_from(origin), acting(_actor_of(happened), trace_id=happened.trace_id):
        try:
            iam.record_security_event(
                happened.kind,
                subject_id=happened.subject_id,
                outcome=happened.outcome,
                tenant_id=happened.tenant_id or PLATFORM,
                session_id=happened.session_id,
                reason=happened.reason,
                details=happened.details,
                occurred_at=happened.occurred_at,
                once=happened.id,
            )
        except Exception as error:
            if not (isinstance(error, Unavailable) or is_outage(error)):
                raise
            return False
    return True


def _wait(happened: Waiting) -> None:
    try:
        redis = get_redis_connection(settings.SESSION_CACHE_ALIAS)
        kept = redis.eval(
            _PUSH, 2, _WAITING, _LOST, msgspec.json.encode(happened), settings.GATEWAY_SECURITY_EVENTS_WAITING
        )
    except RedisError:
        kept = False
    if not kept:
        _lost.inc()
        _logger.error("a security event was lost", event_lost=msgspec.to_builtins(happened))


def _is_anything_waiting() -> bool:
    try:
        return bool(get_redis_connection(settings.SESSION_CACHE_ALIAS).llen(_WAITING))
    except RedisError:
        return False


def _actor_of(happened: Waiting) -> Actor:
    if happened.actor_id is None:
        return Actor(kind="system", name="gateway")
    return Actor(kind="user", id=happened.actor_id, name=happened.actor_name)


def _loss(count: int) -> Waiting:
    return Waiting(
        id=uuid7(),
        occurred_at=timezone.now(),
        kind="audit.lost",
        outcome="failure",
        subject_id=NOBODY,
        tenant_id=None,
        session_id="",
        reason="the buffer of the gateway was full",
        details={"count": str(count)},
        actor_id=None,
        actor_name="",
        address="",
        user_agent="",
        trace_id="",
    )


@contextmanager
def _alone(redis: Any) -> Iterator[bool]:
    """Two that deliver at once would tell in the wrong order."""
    lock = redis.lock(_DELIVERING, timeout=_DELIVERY_S, blocking=False)
    alone = bool(lock.acquire())
    try:
        yield alone
    finally:
        if alone:
            try:
                lock.release()
            except LockError:
                _logger.warning("delivering security events took longer than its lock")
