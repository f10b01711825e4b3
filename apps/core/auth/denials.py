"""Requests that were refused are told to the security log: here, and exactly once each.

Where an error becomes an answer it is noted on the request; the middleware that knows the caller records what was noted
after the answer is made, so that nothing that raises twice, or is caught and shown in a form, is told twice or at all.

A flood cannot fill the log. For each subject and permission the first `PER_MINUTE` refusals of a minute are recorded;
further ones are only counted, and the first record of the next minute that has one says how many were left out
(`left_out`). The counts lie in the store of limits, for all processes together; while that is away each process counts
for itself. Prometheus counts every one (`access_denied_total`).
"""

from __future__ import annotations

import time
from threading import Lock
from typing import Any

from django.conf import settings
from django.core.cache import caches
from django.utils.module_loading import import_string
from prometheus_client import Counter

from apps.core.auth.principal import Principal
from apps.core.errors import Forbidden
from apps.core.observability import get_logger

KIND, OUTCOME = "access.denied", "denied"
PER_MINUTE = 5
_KEPT_S = 24 * 3600
_TOLD = ("resource", "reason", "policies", "policy_error")
_denied = Counter("access_denied_total", "Requests refused to an authenticated caller.", ["code"])
_logger = get_logger("auth.denials")
_here: dict[str, int] = {}
_lock = Lock()


def note(request: Any, error: BaseException) -> None:
    """Remember on the request that it ends in a refusal."""
    if request is not None and isinstance(error, Forbidden):
        request.denial = error


def record(request: Any) -> None:
    """Tell the security log of a request that ended in a refusal, if it did. Call it in the caller's tenant.

    The log being away must not turn a refusal into something else: that is written to the process's own log.
    """
    error, principal = getattr(request, "denial", None), request.principal
    if error is None or principal is None:
        return
    _denied.labels(error.code).inc()
    what = str(error.extra.get("permission") or error.code)
    try:
        left_out = _admitted(f"{principal.tenant_id}:{principal.subject}:{what}", int(time.time() // 60))
        if left_out is not None:
            _tell(request, error, principal, what, left_out)
    except Exception:
        _logger.exception("a refusal could not be recorded", code=error.code, permission=what)


def _tell(request: Any, error: Forbidden, principal: Principal, what: str, left_out: int) -> None:
    details = {"code": error.code, "permission": what, "method": request.method, "path": request.path[:200]}
    details |= {name: _text(error.extra[name]) for name in _TOLD if name in error.extra}
    if left_out:
        details["left_out"] = str(left_out)
    import_string(settings.SECURITY_RECORDER)(
        KIND, subject_id=principal.subject, outcome=OUTCOME, reason=str(error), details=details
    )


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _admitted(key: str, minute: int) -> int | None:
    """None if this refusal is one too many of its minute; else how many were left out since the last one recorded."""
    if _counted(f"denied:{key}:{minute}", 120) > PER_MINUTE:
        _counted(f"left-out:{key}", _KEPT_S)
        return None
    return _taken(f"left-out:{key}")


def _counted(key: str, lives_s: int) -> int:
    """One more; returns how many there are."""
    try:
        store = caches["limits"]
        store.add(key, 0, timeout=lives_s)
        return int(store.incr(key))
    except Exception:  # the store is away, or dropped the key in between
        with _lock:
            if len(_here) > 10_000:
                _here.clear()
            _here[key] = _here.get(key, 0) + 1
            return _here[key]


def _taken(key: str) -> int:
    try:
        store = caches["limits"]
        left_out = int(store.get(key) or 0)
        if left_out:
            store.delete(key)
    except Exception:
        with _lock:
            left_out = _here.pop(key, 0)
    return left_out
