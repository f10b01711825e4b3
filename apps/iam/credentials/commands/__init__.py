"""Every write of credentials: passwords, addresses, invitations by mail, and the lifting of locks."""

from apps.iam.credentials.commands.addresses import (
    address_of,
    confirm_email_change,
    request_email_change,
    request_verification,
    verify_email,
)
from apps.iam.credentials.commands.inviting import (
    Offer,
    accept_invitation,
    invite,
    offer_of,
    revoke_invitation,
    send_invitation,
)
from apps.iam.credentials.commands.lifting import lift_lock
from apps.iam.credentials.commands.passwords import (
    change_password,
    person_of_reset,
    request_password_reset,
    reset_password,
)

__all__ = [
    "Offer",
    "accept_invitation",
    "address_of",
    "change_password",
    "confirm_email_change",
    "invite",
    "lift_lock",
    "offer_of",
    "person_of_reset",
    "request_email_change",
    "request_password_reset",
    "request_verification",
    "reset_password",
    "revoke_invitation",
    "send_invitation",
    "verify_email",
]
