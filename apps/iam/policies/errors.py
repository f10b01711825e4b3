"""What policies refuse."""

from apps.core.errors import Conflict, Invalid, NotFound


class PolicyNotFound(NotFound):
    """There is no such policy."""

    code = "policy_not_found"


class InvalidPolicy(Invalid):
    """The policy is not well formed, or asks for what there is not."""

    code = "invalid_policy"


class PolicyExists(Conflict):
    """There is a policy of this name already."""

    code = "policy_exists"


class PolicyIsDeleted(Conflict):
    """This policy is deleted: restore it first."""

    code = "policy_is_deleted"


class TooManyPolicies(Conflict):
    """A company may have only so many policies: remove one first."""

    code = "too_many_policies"
