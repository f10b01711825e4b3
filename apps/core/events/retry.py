"""How long to wait before trying again, and which failures are nobody's fault but the database's."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
from django.conf import settings
from django.db import InterfaceError, OperationalError

# SQLSTATE classes (PostgreSQL manual, appendix A): connection exceptions, insufficient resources, operator
# intervention such as a shutdown, system errors. 25006: the server has become a standby.
_OUTAGE_CLASSES = ("08", "53", "57P", "58")
_OUTAGE_STATES = ("25006",)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often an event is tried before it is parked, and how long to wait between."""

    attempts: int
    base_s: float
    cap_s: float

    @classmethod
    def from_settings(cls) -> RetryPolicy:
        return cls(
            attempts=settings.EVENTS_MAX_ATTEMPTS,
            base_s=settings.EVENTS_RETRY_BASE_S,
            cap_s=settings.EVENTS_RETRY_CAP_S,
        )

    def delay_s(self, attempt: int) -> float:
        return retry_delay_s(attempt, base_s=self.base_s, cap_s=self.cap_s)


def retry_delay_s(attempt: int, *, base_s: float = 0.1, cap_s: float = 30.0) -> float:
    """Seconds to wait before the given retry, drawn from [0, min(cap_s, base_s · 2**attempt)]; attempt counts from 0.

    Full jitter spreads out callers that failed together. Raises ValueError if attempt < 0.
    Source: M. Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015.
    """
    if attempt < 0:
        raise ValueError("attempt counts from 0")
    return random.uniform(0, min(cap_s, base_s * 2 ** min(attempt, 30)))  # noqa: S311 (no secret)


def is_outage(error: BaseException) -> bool:
    """True when the database was away: the event is not to blame, and the attempt does not count.

    A deadlock, a lock or statement timeout is no outage: an event may cause those each time.
    """
    return any(_is_outage(link) for link in _chain(error))


def _is_outage(error: BaseException) -> bool:
    if isinstance(error, psycopg.OperationalError):
        state = error.sqlstate
        return state is None or state.startswith(_OUTAGE_CLASSES) or state in _OUTAGE_STATES
    if isinstance(error, psycopg.errors.ReadOnlySqlTransaction):
        return True
    # Django raises these by itself, without a cause, for a connection that was lost inside a transaction.
    return isinstance(error, (OperationalError, InterfaceError)) and "connection" in str(error) and not error.__cause__


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error and what it was raised from."""
    while error is not None:
        yield error
        error = error.__cause__
