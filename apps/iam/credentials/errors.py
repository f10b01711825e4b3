"""What passwords, links and invitations refuse."""

from apps.core.errors import Conflict, Invalid, NotFound, Unavailable


class LinkIsOver(NotFound):
    """This link was used before, has ended, or was replaced by a newer one: ask for another."""

    code = "link_is_over"


class InvalidPassword(Invalid):
    """The password cannot be used."""

    code = "invalid_password"


class WrongPassword(Invalid):
    """The present password is another one."""

    code = "wrong_password"


class InvalidProfile(Invalid):
    """What was said of the person is not well formed."""

    code = "invalid_profile"


class HasJoined(Conflict):
    """This person has joined already: there is nothing to invite them to."""

    code = "has_joined"


class NoInvitation(NotFound):
    """No invitation of this person is open."""

    code = "no_invitation"


class AlreadyVerified(Conflict):
    """This address is confirmed already."""

    code = "already_verified"


class WorkersAway(Unavailable):
    """The mail cannot be asked for just now: try again in a moment."""

    code = "workers_away"
