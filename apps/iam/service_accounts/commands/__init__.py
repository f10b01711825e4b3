"""Every write of service accounts and API keys."""

from apps.iam.service_accounts.commands.accounts import (
    change_roles,
    create_service_account,
    delete_service_account,
    restore_service_account,
    update_service_account,
)
from apps.iam.service_accounts.commands.clients import issue_client, register_api_client, register_platform_client
from apps.iam.service_accounts.commands.granting import end_role, grant_role
from apps.iam.service_accounts.commands.keys import Issued, create_key, revoke_key, rotate_key
from apps.iam.service_accounts.commands.using import note_refusal, note_use

__all__ = [
    "Issued",
    "change_roles",
    "create_key",
    "create_service_account",
    "delete_service_account",
    "end_role",
    "grant_role",
    "issue_client",
    "note_refusal",
    "note_use",
    "register_api_client",
    "register_platform_client",
    "restore_service_account",
    "revoke_key",
    "rotate_key",
    "update_service_account",
]
