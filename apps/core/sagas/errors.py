"""What may be wrong with a saga, or with what somebody wants to do to it."""

from __future__ import annotations

from apps.core.errors import Conflict, Forbidden, NotFound


class SagaNotFound(NotFound):
    """There is no such saga in this tenant."""

    code = "saga_not_found"


class NothingToDecide(Conflict):
    """The saga does not wait for a decision."""

    code = "nothing_to_decide"


class OwnDecision(Forbidden):
    """Whoever began it does not decide on it: somebody else does."""

    code = "own_decision"


class NothingToRepair(Conflict):
    """The saga needs no attention, so there is nothing to retry, skip or resolve."""

    code = "nothing_to_repair"


class CannotCancel(Conflict):
    """The saga is over, is being undone already, or has gone too far to be undone."""

    code = "saga_cannot_be_cancelled"
