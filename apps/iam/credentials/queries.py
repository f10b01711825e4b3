"""Reads of invitations."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Subquery
from django.utils.crypto import constant_time_compare

from apps.core.history.changes import Change, ChangeFilter, changes_of
from apps.core.tenancy import person
from apps.iam.credentials.errors import LinkIsOver, NoInvitation
from apps.iam.credentials.links import InvitationToken
from apps.iam.credentials.models import Invitation


def invitation(user_id: UUID) -> Invitation:
    """The invitation of a member of the current tenant, whatever became of it. One statement. Raises NoInvitation."""
    found: Invitation | None = Invitation.objects.in_tenant().filter(user_id=user_id).first()
    if found is None:
        raise NoInvitation
    return found


def lock_invitation(user_id: UUID) -> Invitation | None:
    """The invitation of a member, locked to the end of the transaction; None when none was ever sent."""
    found: Invitation | None = Invitation.objects.in_tenant().select_for_update().filter(user_id=user_id).first()
    return found


def invitation_by_token(token: InvitationToken, *, now: datetime) -> Invitation:
    """The open invitation that a link leads to. Call it in the token's tenant. One statement. Raises LinkIsOver."""
    found: Invitation | None = Invitation.objects.in_tenant().filter(id=token.invitation_id).first()
    if found is None or not constant_time_compare(found.token_hash, token.hash) or not found.is_open(at=now):
        raise LinkIsOver
    return found


def latest(user_column: str) -> dict[str, Any]:
    """Expressions to annotate members with: until when their invitation's link is good, and when it was revoked.

    Both None for who has accepted, or was never sent one.
    """
    rows = Invitation.objects.filter(
        tenant_id=OuterRef("tenant_id"), user_id=OuterRef(user_column), accepted_at__isnull=True
    )
    return {
        "invitation_expires_at": Subquery(rows.values("expires_at")[:1]),
        "invitation_revoked_at": Subquery(rows.values("revoked_at")[:1]),
    }


def barred_from(user: Any, *, now: datetime) -> set[UUID]:
    """The tenants that an invited person cannot enter by signing in: the invitation was taken back or is over, or only
    its link can show that the address is theirs. One statement.

    Otherwise whoever made an account with somebody else's address would be let in wherever that somebody is invited.
    """
    with person(user.pk):
        rows = list(Invitation.objects.filter(user_id=user.pk, accepted_at__isnull=True))
    return {row.tenant_id for row in rows if not row.is_open(at=now) or (row.by_link_only and not user.email_verified)}


def changes(where: ChangeFilter, *, limit: int) -> list[Change]:
    """Changes of invitations, newest first."""
    return changes_of(Invitation, where=where, limit=limit)
