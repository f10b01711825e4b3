"""Invitations by mail. Passwords and addresses themselves are the person's (`iam.users`)."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models

from apps.core.db.models import TenantScoped
from apps.core.history.tracking import tracked
from apps.iam.credentials.errors import NoInvitation

LIFETIME = timedelta(days=7)


@tracked(exclude=("token_hash", "version", "updated_at", "updated_by"))
class Invitation(TenantScoped):
    """A member's invitation by mail: at most one, renewed each time that it is sent. It holds no secret, only its hash.

    Until it is accepted the person cannot enter by signing in, unless its link is still good and the address theirs.
    """

    user_id = models.UUIDField(help_text="A person, kept by `iam.users`.")
    token_hash = models.CharField(max_length=64, editable=False, help_text="SHA-256 of the secret in the link.")
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    by_link_only = models.BooleanField(default=True, help_text="False where a one-time password was given out as well.")

    class Meta(TenantScoped.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "user_id"], name="invitation_of_person_unique"),
        ]
        indexes = [models.Index(fields=["user_id"], name="invitation_by_person")]

    def __str__(self) -> str:
        return f"invitation of {self.user_id}"

    def renew(self, *, token_hash: str, at: datetime) -> None:
        """Another link; the one before is over."""
        self.token_hash, self.sent_at, self.expires_at = token_hash, at, at + LIFETIME
        self.accepted_at = self.revoked_at = None

    def is_open(self, *, at: datetime) -> bool:
        return self.accepted_at is None and self.revoked_at is None and self.expires_at > at

    def state(self, *, at: datetime) -> str:
        """accepted, revoked, expired or open."""
        if self.accepted_at is not None:
            return "accepted"
        if self.revoked_at is not None:
            return "revoked"
        return "open" if self.is_open(at=at) else "expired"

    def accept(self, *, at: datetime) -> None:
        self.accepted_at = at

    def revoke(self, *, at: datetime) -> None:
        """Raises NoInvitation once it was accepted."""
        if self.accepted_at is not None:
            raise NoInvitation
        self.revoked_at = at
