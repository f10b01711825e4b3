"""What people and memberships refuse."""

from apps.core.errors import Conflict, Forbidden, Invalid, NotFound


class MemberNotFound(NotFound):
    """There is no such person in this tenant."""

    code = "member_not_found"


class UserNotFound(NotFound):
    """There is no such person."""

    code = "user_not_found"


class AddressTaken(Conflict):
    """Somebody else has this e-mail address by now."""

    code = "address_taken"


class InvalidMember(Invalid):
    """What was said of the person is not well formed."""

    code = "invalid_member"


class AlreadyMember(Conflict):
    """This person is a member of the tenant already."""

    code = "already_member"


class MemberWasDeleted(Conflict):
    """This person was a member before: restore the membership instead of inviting again."""

    code = "member_was_deleted"


class LastOwner(Conflict):
    """A tenant needs an owner: make somebody else one first."""

    code = "last_owner"


class NotYourself(Forbidden):
    """Nobody may take away their own access: ask another administrator."""

    code = "not_yourself"


class MemberIsDeleted(Conflict):
    """This person's membership is deleted: restore it first."""

    code = "member_is_deleted"


class PersonNotDeleted(Conflict):
    """Delete a person first. That can be undone, and erasing cannot."""

    code = "person_not_deleted"


class PersonIsErased(Conflict):
    """Nothing is left of this person that could be restored."""

    code = "person_is_erased"
