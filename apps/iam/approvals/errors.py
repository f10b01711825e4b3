"""What approvals refuse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps.core.errors import Conflict, Forbidden, NotFound

if TYPE_CHECKING:
    from apps.iam.approvals.kinds import Ask


class ApprovalNotFound(NotFound):
    """There is no such request for approval."""

    code = "approval_not_found"


class ApprovalNeeded(Conflict):
    """This needs the approval of a second person, and cannot be asked for in this way."""

    code = "approval_needed"

    def __init__(self, ask: Ask) -> None:
        self.ask = ask
        super().__init__(kind=ask.kind)


class AlreadyDecided(Conflict):
    """This request is closed: it was decided, withdrawn, or ran out."""

    code = "already_decided"


class ApprovalExpired(Conflict):
    """This request has run out: ask again."""

    code = "approval_expired"


class NotYourOwn(Forbidden):
    """Nobody may decide on what they asked for themselves: a second person has to."""

    code = "not_your_own"


class NotInAnothersName(Forbidden):
    """Nobody may decide while acting in somebody else's name."""

    code = "not_in_anothers_name"


class PeopleOnly(Forbidden):
    """Only a person may decide, no program."""

    code = "people_only"


class OnlyYourOwn(Forbidden):
    """Only whoever asked may withdraw a request."""

    code = "only_your_own"


class CannotSignIn(Forbidden):
    """This person cannot sign in here any more."""

    code = "cannot_sign_in"


class TenantNotActive(Conflict):
    """The company is suspended: nothing is decided until it is reinstated."""

    code = "tenant_not_active"
