"""What roles refuse."""

from apps.core.errors import Conflict, Forbidden, Invalid, NotFound


class UnknownRole(Invalid):
    """There is no such role."""

    code = "unknown_role"


class InvalidRole(Invalid):
    """A role's code, name or permissions are not well formed."""

    code = "invalid_role"


class BuiltInRole(Conflict):
    """Built-in roles are part of the platform and cannot be redefined."""

    code = "built_in_role"


class BeyondOwnPermissions(Forbidden):
    """Nobody may manage somebody, or give a role, with permissions that they do not hold themselves."""

    code = "beyond_own_permissions"


class RoleNotFound(NotFound):
    """There is no such role."""

    code = "role_not_found"


class RoleExists(Conflict):
    """There is a role with this code already."""

    code = "role_exists"


class RoleWasDeleted(Conflict):
    """There was a role with this code: restore it instead of making it anew."""

    code = "role_was_deleted"


class RoleIsDeleted(Conflict):
    """This role is deleted: restore it first."""

    code = "role_is_deleted"


class RoleInUse(Conflict):
    """Other roles include this one: take it out of them first."""

    code = "role_in_use"


class RoleCircle(Conflict):
    """Roles may not include one another in a circle."""

    code = "role_circle"


class InheritanceTooDeep(Conflict):
    """Roles include one another over too many steps to be understood."""

    code = "inheritance_too_deep"


class InvalidAssignment(Invalid):
    """What was said of the assignment is not well formed."""

    code = "invalid_assignment"


class AssignmentNotFound(NotFound):
    """There is no such assignment."""

    code = "assignment_not_found"


class RuleNotFound(NotFound):
    """There is no such rule of separation of duty."""

    code = "separation_rule_not_found"


class RuleExists(Conflict):
    """These two roles are kept apart already."""

    code = "separation_rule_exists"


class InvalidRule(Invalid):
    """What was said of the rule is not well formed."""

    code = "invalid_separation_rule"


class SeparationOfDutyViolated(Conflict):
    """Somebody would hold two roles that nobody may hold together."""

    code = "separation_of_duty_violated"
    title = "Separation of duty"
