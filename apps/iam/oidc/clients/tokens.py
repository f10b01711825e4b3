"""The end of tokens of one client: of everybody's, or of one person's in one tenant."""

from __future__ import annotations

from uuid import UUID

from apps.core.events import unit_of_work
from apps.iam.oidc.models import AccessToken, Grant, RefreshToken


def revoke_all(*, application_id: UUID) -> None:
    """End every code and token of a client's. Safe to repeat."""
    _revoke(application=application_id)


def revoke_of_person(*, application_id: UUID, user_id: UUID, tenant_id: UUID) -> None:
    """End every code and token that a client holds for a person in a tenant. Safe to repeat."""
    _revoke(application=application_id, user=user_id, tenant_id=tenant_id)


def _revoke(**where: UUID) -> None:
    with unit_of_work(RefreshToken):
        # Refresh tokens first, in a fixed order: an exchange that is under way holds the lock of one and then makes
        # its successor, which is found after the wait.
        alive = RefreshToken.objects.filter(**where, revoked__isnull=True)
        families = set(alive.values_list("token_family", flat=True))
        families |= set(Grant.objects.filter(**where).values_list("token_family", flat=True))
        for family in sorted(filter(None, families), key=str):
            RefreshToken.revoke_family(family)
        AccessToken.objects.filter(**where).delete()
        Grant.objects.filter(**where).delete()
