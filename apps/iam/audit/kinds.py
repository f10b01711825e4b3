"""Every kind of security event there is. The value is what the log, the API and filters show; one never changes."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    SIGNED_IN = "sign_in.succeeded"
    SIGN_IN_FAILED = "sign_in.failed"
    LOCKED_OUT = "sign_in.locked_out"
    STEPPED_UP = "sign_in.stepped_up"
    FEDERATED_SIGN_IN_REFUSED = "sign_in.federation_refused"
    SIGNED_OUT = "sign_out"
    SESSION_REVOKED = "session.revoked"
    TENANT_SWITCHED = "session.tenant_switched"
    TOKEN_ISSUED = "token.issued"  # noqa: S105
    TOKEN_REFRESHED = "token.refreshed"  # noqa: S105
    TOKEN_REPLAYED = "token.replayed"  # noqa: S105
    TOKEN_REVOKED = "token.revoked"  # noqa: S105
    ACCESS_DENIED = "access.denied"
    PASSWORD_CHANGED = "password.changed"  # noqa: S105
    PASSWORD_RESET_REQUESTED = "password.reset_requested"  # noqa: S105
    PASSWORD_RESET = "password.reset"  # noqa: S105
    EMAIL_VERIFIED = "email.verified"
    EMAIL_CHANGED = "email.changed"
    TOTP_ENABLED = "mfa.totp_enabled"
    TOTP_DISABLED = "mfa.totp_disabled"
    RECOVERY_CODES_MADE = "mfa.recovery_codes_made"
    RECOVERY_CODE_USED = "mfa.recovery_code_used"
    PASSKEY_ADDED = "passkey.added"
    PASSKEY_REMOVED = "passkey.removed"
    PASSKEY_REFUSED = "passkey.refused"
    IMPERSONATION_STARTED = "impersonation.started"
    IMPERSONATION_ENDED = "impersonation.ended"
    SERVICE_ACCOUNT_CREATED = "service_account.created"
    SERVICE_ACCOUNT_CHANGED = "service_account.changed"
    SERVICE_ACCOUNT_DELETED = "service_account.deleted"
    API_KEY_CREATED = "api_key.created"
    API_KEY_USED = "api_key.used"
    API_KEY_REVOKED = "api_key.revoked"
    API_KEY_REFUSED = "api_key.refused"
    APPLICATION_REGISTERED = "application.registered"
    APPLICATION_CHANGED = "application.changed"
    APPLICATION_DELETED = "application.deleted"
    CONSENT_GIVEN = "consent.given"
    CONSENT_WITHDRAWN = "consent.withdrawn"
    SIGNING_KEYS_ROTATED = "signing_keys.rotated"
    IDENTITY_PROVIDER_CHANGED = "identity_provider.changed"
    IDENTITY_LINKED = "identity.linked"
    IDENTITY_UNLINKED = "identity.unlinked"
    ROLE_CHANGED = "role.changed"
    ROLES_ASSIGNED = "roles.assigned"
    GROUP_CHANGED = "group.changed"
    POLICY_CHANGED = "policy.changed"
    APPROVAL_REQUESTED = "approval.requested"
    APPROVAL_DECIDED = "approval.decided"
    MEMBER_CHANGED = "member.changed"
    TENANT_CHANGED = "tenant.changed"
    PERSON_ERASED = "person.erased"
    DATA_EXPORTED = "data.exported"
    AUDIT_EXPORTED = "audit.exported"
    AUDIT_VIEWED = "audit.viewed"
    AUDIT_TRIMMED = "audit.trimmed"
    AUDIT_LOST = "audit.lost"
    SETTINGS_CHANGED = "settings.changed"
    SCIM_CHANGED = "scim.changed"
    WEBHOOK_CHANGED = "webhook.changed"


class Outcome(StrEnum):
    SUCCESS = "success"
    FAILURE = "failure"
    DENIED = "denied"


def groups() -> dict[str, list[str]]:
    """The kinds by their group, the part before the first dot: `sign_in`, `session`, `token` …"""
    found: dict[str, list[str]] = {}
    for kind in Kind:
        found.setdefault(kind.partition(".")[0], []).append(str(kind))
    return found
