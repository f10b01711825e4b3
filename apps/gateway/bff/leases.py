"""Only one at a time, in whatever process: a lease in Redis that is renewed while its holder works.

It is short, so that a holder that was killed keeps the others waiting for seconds and not for as long as its work might
have taken. Whoever lost it may not write any more: what is written asks for `Lease.token` (fencing).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

from django.conf import settings
from redis.exceptions import LockError

from apps.core.errors import Unavailable
from apps.core.observability import get_logger
from apps.gateway.bff.vault import Lease, redis_answers

_LOOK_AGAIN_S = 0.02
_RENEWALS = 3  # in the time of a lease, so that one may fail
_logger = get_logger("gateway.bff")


@contextmanager
def alone(name: str) -> Iterator[Lease | None]:
    """The lease inside while nobody else has it; None when waiting for it took longer than BFF_REFRESH_WAIT_S."""
    with redis_answers() as redis:
        lock = redis.lock(
            name,
            timeout=settings.BFF_REFRESH_LEASE_S,
            blocking_timeout=settings.BFF_REFRESH_WAIT_S,
            sleep=_LOOK_AGAIN_S,
            thread_local=False,
        )
        is_ours = lock.acquire()
    if not is_ours:
        yield None
        return
    try:
        with _renewing(lock):
            yield Lease(lock.name, lock.local.token)
    finally:
        _release(lock)


@contextmanager
def _renewing(lock: Any) -> Iterator[None]:
    done = Event()
    thread = Thread(target=_renew, args=(lock, done), name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _renew(lock: Any, done: Event) -> None:
    while not done.wait(settings.BFF_REFRESH_LEASE_S / _RENEWALS):
        try:
            with redis_answers():
                lock.reacquire()
        except LockError:
            return _logger.warning("a lease was lost before its work was done", lease=lock.name)
        except Unavailable:
            continue  # Redis may be back before the lease is over
    return None


def _release(lock: Any) -> None:
    try:
        with redis_answers():
            lock.release()
    except (LockError, Unavailable):
        _logger.warning("the lease of a refresh was lost before it was given back")
