"""Every write of people and memberships, one file per command."""

from apps.iam.users.commands.add_member import add_member
from apps.iam.users.commands.change_roles import change_roles
from apps.iam.users.commands.create_platform_staff import create_platform_staff
from apps.iam.users.commands.delete_member import delete_member
from apps.iam.users.commands.email import change_email, verify_email
from apps.iam.users.commands.erase_person import ERASE_PERSON, erase_again, erase_person
from apps.iam.users.commands.grant_role import end_role, expire_role, grant_role
from apps.iam.users.commands.invite_member import Invitation, invite_member
from apps.iam.users.commands.join import join
from apps.iam.users.commands.people import delete_user, reinstate_user, restore_user, suspend_user
from apps.iam.users.commands.profile import ProfileChange, time_zones, update_profile
from apps.iam.users.commands.record_sign_in import record_sign_in
from apps.iam.users.commands.restore_member import restore_member
from apps.iam.users.commands.set_password import set_password
from apps.iam.users.commands.update_member import update_member

__all__ = [
    "ERASE_PERSON",
    "Invitation",
    "ProfileChange",
    "add_member",
    "change_email",
    "change_roles",
    "create_platform_staff",
    "delete_member",
    "delete_user",
    "end_role",
    "erase_again",
    "erase_person",
    "expire_role",
    "grant_role",
    "invite_member",
    "join",
    "record_sign_in",
    "reinstate_user",
    "restore_member",
    "restore_user",
    "set_password",
    "suspend_user",
    "time_zones",
    "update_member",
    "update_profile",
    "verify_email",
]
