"""Every write of roles, of who holds them, and of which may not be held together."""

from apps.iam.roles.commands.assigning import (
    ASSIGN_OWNER,
    RESTORE_OWNER,
    RolesChange,
    assign_roles,
    end_assignments,
    restore_assignments,
)
from apps.iam.roles.commands.defining import create_role, define_role, delete_role, restore_role, update_role
from apps.iam.roles.commands.granting import end_assignment, expire_assignment, grant_role
from apps.iam.roles.commands.separating import create_rule, delete_rule

__all__ = [
    "ASSIGN_OWNER",
    "RESTORE_OWNER",
    "RolesChange",
    "assign_roles",
    "create_role",
    "create_rule",
    "define_role",
    "delete_role",
    "delete_rule",
    "end_assignment",
    "end_assignments",
    "expire_assignment",
    "grant_role",
    "restore_assignments",
    "restore_role",
    "update_role",
]
