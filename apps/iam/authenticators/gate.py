"""What a signed-in person owes a tenant before they may enter it: its sign-in policy, held at the provider's door."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from apps.core.tenancy import tenant
from apps.iam.authenticators import queries
from apps.iam.authenticators.models import Kind
from apps.iam.authenticators.queries import Requirement

SIGN_IN = "oidc:sign-in"
SECOND_STEP = "authenticators:second-step"
ENROL = "authenticators:enrol"

# RFC 8176: how a session tells with which kind of factor it was begun.
_METHOD = {Kind.TOTP: "otp", Kind.PASSKEY: "hwk"}


def owed(
    *,
    user_id: UUID,
    tenant_id: UUID,
    amr: Iterable[str],
    authenticated_at: datetime,
    now: datetime,
    postponed: bool = False,
) -> str:
    """The name of the page that the person is led to first: to sign in anew, to give a second factor, or to set one up;
    "" when nothing is owed. `postponed`: the person said "later", which is heard as long as the grace lasts.
    """
    with tenant(tenant_id):
        if is_over(authenticated_at=authenticated_at, now=now):
            return SIGN_IN
        asked = queries.requirement_of(user_id)
    if not asked.is_required or is_satisfied(asked, amr):
        return ""
    if queries.kinds_of(user_id) & asked.methods:
        return SECOND_STEP
    return ENROL if asked.is_due(now) or not postponed else ""


def is_over(*, authenticated_at: datetime, now: datetime) -> bool:
    """True if the current tenant lets nobody stay signed in for that long. One statement."""
    longest_s = queries.policy().session_max_s
    return longest_s is not None and now - authenticated_at > timedelta(seconds=longest_s)


def is_satisfied(asked: Requirement, amr: Iterable[str]) -> bool:
    """True if a session that was begun by these methods has a second factor of a kind that is allowed."""
    used = set(amr)
    by_word = "fed" in used and not used & set(_METHOD.values())  # of a provider that is trusted with it
    return "mfa" in used and (by_word or any(_METHOD[Kind(kind)] in used for kind in asked.methods))
