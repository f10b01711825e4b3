"""What sessions and impersonation refuse."""

from apps.core.errors import Conflict, Forbidden, Invalid, NotFound


class SessionNotFound(NotFound):
    """There is no such session, or it is over."""

    code = "session_not_found"


class InvalidSession(Invalid):
    """What was said of the session is not well formed."""

    code = "invalid_session"


class InvalidImpersonation(Invalid):
    """Say in a few words why you act as somebody else: that person and the audit are told."""

    code = "invalid_impersonation"


class InvalidSubjectToken(Invalid):
    """This subject token was not made here, or for something else."""

    code = "invalid_subject_token"


class LeaveUsed(Conflict):
    """This leave to act as somebody was used already: ask for another one."""

    code = "leave_used"


class NotAsYourself(Forbidden):
    """Nobody needs leave to act as themselves."""

    code = "not_as_yourself"


class NoSessionOfYourOwn(Forbidden):
    """Only somebody who is signed in can act as somebody else: an API key or a service account cannot."""

    code = "no_session_of_your_own"


class NobodyToActAs(Forbidden):
    """This person may not sign in at the moment, so nobody may act as them either."""

    code = "nobody_to_act_as"
