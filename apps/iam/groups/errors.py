"""What groups refuse."""

from apps.core.errors import Conflict, Invalid, NotFound


class GroupNotFound(NotFound):
    """There is no such group in this tenant."""

    code = "group_not_found"


class InvalidGroup(Invalid):
    """What was said of the group is not well formed."""

    code = "invalid_group"


class GroupNameTaken(Conflict):
    """Another group has this name, or this external id."""

    code = "group_name_taken"


class GroupIsDeleted(Conflict):
    """This group is deleted: restore it first."""

    code = "group_is_deleted"


class NotInGroup(NotFound):
    """Nobody with this id is in the group."""

    code = "not_in_group"
