"""Every write of provisioning. People and groups themselves are written by the commands of their features."""

from apps.iam.scim.commands.connections import connect, disconnect, update_connection
from apps.iam.scim.commands.groups import change_group, create_group, delete_group
from apps.iam.scim.commands.people import change_person, create_person, delete_person

__all__ = [
    "change_group",
    "change_person",
    "connect",
    "create_group",
    "create_person",
    "delete_group",
    "delete_person",
    "disconnect",
    "update_connection",
]
