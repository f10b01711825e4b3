"""What a limit refuses."""

from __future__ import annotations

from typing import Any

from apps.core.errors import TooManyRequests, Unavailable


class RateLimited(TooManyRequests):
    """A limit is used up: come back when `Retry-After` says. `budget` is the one that is."""

    code = "rate_limited"
    budget: Any = None


class TooManyAtOnce(TooManyRequests):
    """The company has as many requests under way as it may: wait for some of their answers first."""

    code = "too_many_at_once"


class LimitsUnavailable(Unavailable):
    """It cannot be counted at the moment, and this is not done uncounted."""

    code = "limits_unavailable"
