"""What a record says, as a sentence for people."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from apps.iam.audit.kinds import Kind, Outcome
from apps.iam.audit.models import SecurityRecord

# {actor} did it; {subject} is whom it is about; {whom} and {whose} are the same, where the two may be one.
_SENTENCES: dict[str, str] = {
    Kind.SIGNED_IN: "{subject} signed in",
    Kind.SIGN_IN_FAILED: "Somebody tried to sign in as {subject}",
    Kind.LOCKED_OUT: "{subject} was locked out after too many attempts",
    Kind.STEPPED_UP: "{subject} confirmed who they are",
    Kind.FEDERATED_SIGN_IN_REFUSED: "A sign-in through another identity provider was refused for {subject}",
    Kind.SIGNED_OUT: "{subject} signed out",
    Kind.SESSION_REVOKED: "{actor} ended a session of {whom}",
    Kind.TENANT_SWITCHED: "{subject} went to another tenant",
    Kind.TOKEN_ISSUED: "{subject} was given tokens",
    Kind.TOKEN_REFRESHED: "{subject} was given fresh tokens",
    Kind.TOKEN_REPLAYED: "A used token of {subject} was presented again",
    Kind.TOKEN_REVOKED: "{actor} revoked tokens of {whom}",
    Kind.ACCESS_DENIED: "{actor} was denied access",
    Kind.PASSWORD_CHANGED: "{actor} changed {whose} password",
    Kind.PASSWORD_RESET_REQUESTED: "Somebody asked to reset the password of {subject}",
    Kind.PASSWORD_RESET: "{actor} reset {whose} password",
    Kind.EMAIL_VERIFIED: "{subject} verified their email address",
    Kind.EMAIL_CHANGED: "{actor} changed {whose} email address",
    Kind.TOTP_ENABLED: "{actor} set up codes by app for {whom}",
    Kind.TOTP_DISABLED: "{actor} removed codes by app for {whom}",
    Kind.RECOVERY_CODES_MADE: "{actor} made recovery codes for {whom}",
    Kind.RECOVERY_CODE_USED: "{subject} used a recovery code",
    Kind.PASSKEY_ADDED: "{actor} added a passkey for {whom}",
    Kind.PASSKEY_REMOVED: "{actor} removed a passkey of {whom}",
    Kind.PASSKEY_REFUSED: "A passkey of {subject} was refused",
    Kind.IMPERSONATION_STARTED: "{actor} began to act as {whom}",
    Kind.IMPERSONATION_ENDED: "{actor} ceased to act as {whom}",
    Kind.SERVICE_ACCOUNT_CREATED: "{actor} created the service account {whom}",
    Kind.SERVICE_ACCOUNT_CHANGED: "{actor} changed the service account {whom}",
    Kind.SERVICE_ACCOUNT_DELETED: "{actor} deleted the service account {whom}",
    Kind.API_KEY_CREATED: "{actor} made an API key for {whom}",
    Kind.API_KEY_USED: "{subject} used an API key",
    Kind.API_KEY_REVOKED: "{actor} revoked an API key of {whom}",
    Kind.API_KEY_REFUSED: "An API key of {subject} was refused",
    Kind.APPLICATION_REGISTERED: "{actor} registered an application",
    Kind.APPLICATION_CHANGED: "{actor} changed an application",
    Kind.APPLICATION_DELETED: "{actor} deleted an application",
    Kind.CONSENT_GIVEN: "{subject} let an application in",
    Kind.CONSENT_WITHDRAWN: "{actor} withdrew a consent of {whom}",
    Kind.SIGNING_KEYS_ROTATED: "{actor} rotated the keys that sign tokens",
    Kind.IDENTITY_PROVIDER_CHANGED: "{actor} changed an external identity provider",
    Kind.IDENTITY_LINKED: "{subject} was linked with an external identity",
    Kind.IDENTITY_UNLINKED: "{actor} unlinked an external identity of {whom}",
    Kind.ROLE_CHANGED: "{actor} changed a role",
    Kind.ROLES_ASSIGNED: "{actor} changed the roles of {whom}",
    Kind.GROUP_CHANGED: "{actor} changed a group",
    Kind.POLICY_CHANGED: "{actor} changed a policy",
    Kind.APPROVAL_REQUESTED: "{actor} asked for an approval",
    Kind.APPROVAL_DECIDED: "{actor} decided on an approval",
    Kind.MEMBER_CHANGED: "{actor} changed the membership of {whom}",
    Kind.TENANT_CHANGED: "{actor} changed the tenant",
    Kind.DATA_EXPORTED: "{actor} exported data",
    Kind.AUDIT_EXPORTED: "{actor} exported the security log",
    Kind.AUDIT_VIEWED: "{actor} of the platform's staff looked at this security log",
    Kind.AUDIT_TRIMMED: "{actor} removed records that are past their retention",
    Kind.PERSON_ERASED: "{actor} erased a person for good",
    Kind.AUDIT_LOST: "Events of the gateway were lost while the platform was away",
    Kind.SETTINGS_CHANGED: "{actor} changed settings",
    Kind.SCIM_CHANGED: "{actor} changed people or groups by SCIM",
    Kind.WEBHOOK_CHANGED: "{actor} changed a webhook",
}
# More exactly, where the details say what changed.
_BY_CHANGE: dict[tuple[str, str], str] = {
    (Kind.MEMBER_CHANGED, "invited"): "{actor} invited {whom}",
    (Kind.MEMBER_CHANGED, "updated"): "{actor} updated the membership of {whom}",
    (Kind.MEMBER_CHANGED, "deleted"): "{actor} removed {whom}",
    (Kind.MEMBER_CHANGED, "restored"): "{actor} brought {whom} back",
    (Kind.TENANT_CHANGED, "created"): "{actor} created the tenant",
    (Kind.TENANT_CHANGED, "opened"): "{actor} opened the tenant",
    (Kind.TENANT_CHANGED, "suspended"): "{actor} suspended the tenant",
    (Kind.TENANT_CHANGED, "reinstated"): "{actor} reinstated the tenant",
    (Kind.TENANT_CHANGED, "deletion_planned"): "{actor} let the tenant be deleted",
    (Kind.TENANT_CHANGED, "deletion_cancelled"): "{actor} called the tenant's deletion off",
    (Kind.TENANT_CHANGED, "plan"): "{actor} changed the tenant's plan",
    (Kind.TENANT_CHANGED, "erased"): "The tenant was erased",
    (Kind.WEBHOOK_CHANGED, "created"): "{actor} made a webhook",
    (Kind.WEBHOOK_CHANGED, "disabled"): "The platform disabled a webhook",
    (Kind.WEBHOOK_CHANGED, "deleted"): "{actor} deleted a webhook",
    (Kind.WEBHOOK_CHANGED, "restored"): "{actor} brought a webhook back",
    (Kind.WEBHOOK_CHANGED, "secret_rotated"): "{actor} replaced the secret of a webhook",
    (Kind.WEBHOOK_CHANGED, "replayed"): "{actor} replayed what a webhook was sent",
}
_SPEAKS_FOR_ITSELF = {Kind.SIGN_IN_FAILED, Kind.LOCKED_OUT, Kind.FEDERATED_SIGN_IN_REFUSED, Kind.TOKEN_REPLAYED}
_SPEAKS_FOR_ITSELF |= {Kind.ACCESS_DENIED, Kind.PASSKEY_REFUSED, Kind.API_KEY_REFUSED, Kind.AUDIT_LOST}
_OUTCOMES: dict[str, str] = {Outcome.FAILURE: ", which failed", Outcome.DENIED: ", which was denied"}


def sentence(record: SecurityRecord, names: Mapping[UUID, str]) -> str:
    """One line without a full stop: `Sam Smith as Ada King removed Bob Day`. `names` are of subjects, by id."""
    form = _BY_CHANGE.get((record.kind, record.details.get("change", ""))) or _SENTENCES.get(record.kind)
    own = record.actor_id == record.subject_id
    subject = names.get(record.subject_id) or (record.actor_name if own else "") or _details_name(record) or "somebody"
    text = (form or "{actor}: {kind}").format(
        actor=actor(record),
        subject=subject,
        whom="themselves" if own else subject,
        whose="their own" if own else f"{subject}'s",
        kind=record.kind,
    )
    return text if record.kind in _SPEAKS_FOR_ITSELF else text + _OUTCOMES.get(record.outcome, "")


def actor(record: SecurityRecord) -> str:
    """Who did it, and in whose name."""
    kinds = {"system": "The platform", "service": "A service account"}
    name = record.actor_name if record.actor_kind != "system" else ""
    name = name or kinds.get(record.actor_kind, "Somebody")
    return f"{record.impersonator_name or 'Somebody'} as {name}" if record.impersonator_id else name


def _details_name(record: SecurityRecord) -> str:
    return str(record.details.get("name") or record.details.get("email") or "")
