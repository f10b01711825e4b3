"""What may go wrong between publishing an event and its effect."""

from __future__ import annotations

from apps.core.errors import Conflict, Gone, Invalid, NotFound, Unavailable


class InvalidMessage(Invalid):
    """This message can never succeed, so retrying it would only hold up the others.

    Raised by a handler (or by decoding), it parks the event's key in the dead letters at once.
    """

    code = "invalid_message"


class UnknownEvent(NotFound):
    """The platform publishes no such event, or not in this version."""

    code = "unknown_event"


class StillNeeded(Conflict):
    """A part of the log cannot be archived yet: somebody has still to read it there."""

    code = "still_needed"


class PlaceGone(Gone):
    """The log cannot be followed from there any more: what stood there was archived, or lost in a restoration."""

    code = "place_gone"


class ArchiveUnreadable(Unavailable):
    """A file of the archive is missing or broken. Nothing that was there is left out in silence."""

    code = "archive_unreadable"


class ArchivingRuns(Conflict):
    """The log of this database is being archived already."""

    code = "archiving_runs"


class DeadLetterNotFound(NotFound):
    """There is no such dead letter in this tenant."""

    code = "dead_letter_not_found"


class DeadLetterSettled(Conflict):
    """The dead letter was handled or discarded already."""

    code = "dead_letter_settled"


class DiscardIsFinal(Conflict):
    """Nothing waits behind this event any more: later events of its key may have had their effect already."""

    code = "discard_is_final"


class GroupGone(Conflict):
    """No handler names this consumer group any more."""

    code = "group_gone"


class GroupNotFound(NotFound):
    """There is no such consumer group in this service."""

    code = "group_not_found"
