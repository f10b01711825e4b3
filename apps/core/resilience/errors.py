"""Why a call was not made. None of these says anything about the dependency's answer: it was not asked."""

from __future__ import annotations

import math

from apps.core.errors import Unavailable


class NotCalled(Unavailable):
    """A part that is needed is not asked at the moment: try again later."""

    code = "not_called"

    def __init__(self, detail: object, *, dependency: str, retry_after_s: float = 1.0) -> None:
        super().__init__(detail, retry_after_s=max(1, math.ceil(retry_after_s)), dependency=dependency)


class CircuitOpen(NotCalled):
    """A part that is needed fails at the moment, and is left alone for a while."""

    code = "circuit_open"


class BulkheadFull(NotCalled):
    """As many calls as may be under way at once are: try again in a moment."""

    code = "bulkhead_full"


class DeadlinePassed(NotCalled):
    """The time that the caller gave is over."""

    code = "deadline_passed"
