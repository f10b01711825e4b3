"""Decisions that requests asked for lately, so that a change of policies can be tried on them.

Of each tenant the latest RECENT_DECISIONS are kept, for RECENT_DECISIONS_DAYS at most, in the cache's Redis: losing
them costs nothing. They hold ids and circumstances (time, address, how somebody signed in), no names. A decision that
is the same in all of it is kept once in a while only, so that whoever asks often does not push out the others. What is
kept from somebody whatever policies say (a suspended member, a limited credential) is left out.
"""

from __future__ import annotations

import json
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django_redis import get_redis_connection

from apps.core.history import current_origin
from apps.core.observability import get_logger

if TYPE_CHECKING:
    from apps.core.auth.decision import Decision
    from apps.core.auth.principal import Principal

SAME_AGAIN_S = 600
_PAUSE_S = 30.0  # after Redis did not answer
_MOST_REMEMBERED = 10_000
_OPEN_TO_POLICIES = ("granted", "not_granted", "forbidden_by_policy", "permitted_by_policy")
_logger = get_logger("auth.recent")
_collected: ContextVar[list[tuple[UUID, RecentDecision]] | None] = ContextVar("decisions", default=None)
_seen: OrderedDict[tuple[Any, ...], float] = OrderedDict()
_lock = Lock()
_paused_until = 0.0


@dataclass(frozen=True, slots=True)
class RecentDecision:
    """Who asked for what, and the circumstances. `at` and `authenticated_at` are seconds since 1970, UTC."""

    at: int
    subject: str
    kind: str
    permission: str
    resource: str = ""
    allowed: bool = False
    acr: str = ""
    authenticated_at: int | None = None
    method: str = ""
    impersonated: bool = False
    address: str = ""

    @property
    def moment(self) -> datetime:
        return datetime.fromtimestamp(self.at, UTC)


@contextmanager
def collecting() -> Iterator[None]:
    """Keep what is decided inside, all at once at the end. For a request; never raises of itself."""
    token = _collected.set([])
    try:
        yield
    finally:
        found = _collected.get() or []
        _collected.reset(token)
        _keep(found)


def note(principal: Principal, decision: Decision) -> None:
    """Remember a decision that a request depends on. Nothing outside `collecting`."""
    found = _collected.get()
    if found is None or not settings.RECENT_DECISIONS or str(decision.reason) not in _OPEN_TO_POLICIES:
        return
    signed_in_at = principal.authenticated_at
    decided = RecentDecision(
        at=int(time.time()),
        subject=str(principal.subject),
        kind=principal.kind,
        permission=decision.permission,
        resource=str(decision.resource or ""),
        allowed=decision.allowed,
        acr=principal.acr,
        authenticated_at=int(signed_in_at.timestamp()) if signed_in_at else None,
        method=principal.method,
        impersonated=principal.is_impersonated,
        address=current_origin().address,
    )
    if _is_new(principal.tenant_id, decided):
        found.append((principal.tenant_id, decided))


def recent_decisions(tenant_id: UUID) -> list[RecentDecision]:
    """The kept decisions of a tenant, newest first. Raises RedisError."""
    rows = get_redis_connection("default").lrange(_key(tenant_id), 0, settings.RECENT_DECISIONS - 1)
    return [RecentDecision(**json.loads(row)) for row in rows] if settings.RECENT_DECISIONS else []


def forget_seen() -> None:
    """For tests: what this process kept already is kept again."""
    _seen.clear()


def _is_new(tenant_id: UUID, decided: RecentDecision) -> bool:
    facts = asdict(decided)
    del facts["at"]
    key = (tenant_id, *facts.values())
    with _lock:
        last = _seen.get(key)
        if last is not None and decided.at - last < SAME_AGAIN_S:
            return False
        _seen[key] = decided.at
        _seen.move_to_end(key)
        while len(_seen) > _MOST_REMEMBERED:
            _seen.popitem(last=False)
    return True


def _keep(found: list[tuple[UUID, RecentDecision]]) -> None:
    global _paused_until
    if not found or time.monotonic() < _paused_until:
        return
    try:
        pipe = get_redis_connection("default").pipeline(transaction=False)
        for tenant_id, decided in found:
            pipe.lpush(_key(tenant_id), json.dumps(asdict(decided)))
        for key in {_key(tenant_id) for tenant_id, _ in found}:
            pipe.ltrim(key, 0, settings.RECENT_DECISIONS - 1)
            pipe.expire(key, settings.RECENT_DECISIONS_DAYS * 86400)
        pipe.execute()
    except Exception:
        _paused_until = time.monotonic() + _PAUSE_S
        _logger.warning("recent decisions are not kept for a while", exc_info=True)


def _key(tenant_id: UUID) -> str:
    return f"decisions:{tenant_id}"
