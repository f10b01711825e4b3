"""Every write of second factors and of sign-in policies."""

from apps.iam.authenticators.commands.passkeys import (
    Assertion,
    Ceremony,
    add_passkey,
    begin_passkey,
    begin_passkey_sign_in,
    check_passkey,
)
from apps.iam.authenticators.commands.policy import change_policy
from apps.iam.authenticators.commands.recovery import first_recovery_codes, make_recovery_codes, use_recovery_code
from apps.iam.authenticators.commands.removing import remove_authenticator, rename_authenticator
from apps.iam.authenticators.commands.resetting import reset_member, reset_person
from apps.iam.authenticators.commands.totp import NewTotp, begin_totp, check_totp, confirm_totp, new_totp

__all__ = [
    "Assertion",
    "Ceremony",
    "NewTotp",
    "add_passkey",
    "begin_passkey",
    "begin_passkey_sign_in",
    "begin_totp",
    "change_policy",
    "check_passkey",
    "check_totp",
    "confirm_totp",
    "first_recovery_codes",
    "make_recovery_codes",
    "new_totp",
    "remove_authenticator",
    "rename_authenticator",
    "reset_member",
    "reset_person",
    "use_recovery_code",
]
