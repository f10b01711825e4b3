"""What consents and approvals refuse."""

from apps.core.errors import Invalid, NotFound


class ConsentNotFound(NotFound):
    """There is no such consent here."""

    code = "consent_not_found"


class UnknownConsentPolicy(Invalid):
    """There is no such rule for consents."""

    code = "unknown_consent_policy"
