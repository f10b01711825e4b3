"""Every write of groups and of who belongs to them."""

from apps.iam.groups.commands.defining import create_group, delete_group, restore_group, update_group
from apps.iam.groups.commands.joining import (
    add_members,
    leave_all_groups,
    remove_members,
    replace_members,
    return_to_groups,
)
from apps.iam.groups.commands.roles import change_roles, end_role, grant_role

__all__ = [
    "add_members",
    "change_roles",
    "create_group",
    "delete_group",
    "end_role",
    "grant_role",
    "leave_all_groups",
    "remove_members",
    "replace_members",
    "restore_group",
    "return_to_groups",
    "update_group",
]
