"""Every write of consents, approvals and applications."""

from apps.iam.applications.commands.approving import approve, set_consent_policy, withdraw_approval
from apps.iam.applications.commands.consenting import give_consent, note_denial, withdraw_consent
from apps.iam.applications.commands.registering import erase_application, register_application

__all__ = [
    "approve",
    "erase_application",
    "give_consent",
    "note_denial",
    "register_application",
    "set_consent_policy",
    "withdraw_approval",
    "withdraw_consent",
]
