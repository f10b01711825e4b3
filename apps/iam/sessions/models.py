"""Sign-in sessions. A platform table: somebody signs in once and may then work in several tenants."""

from __future__ import annotations

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from apps.core.db.ids import uuid7
from apps.core.db.models import Entity
from apps.iam.sessions.events import EndReason, Kind

NAME_LENGTH = 100
REASON_LENGTH = 500
_ACTED = Q(kind=Kind.IMPERSONATION.value)


class Session(Entity):
    """One sign-in at one browser or program, or one time that somebody acted as somebody else.

    Its id is the `sid` of tokens. Over is what has `ended_at`, or whose `expires_at` has passed: tokens of such a
    session are refused everywhere. Its version counts what people change, not each time that it is seen.
    """

    # It is a person's, who may be in other tenants too; its tokens are refused where the tenant is gone.
    kept_when_a_tenant_goes = True

    kind = models.CharField(max_length=16, choices=Kind, default=Kind.SIGN_IN)
    user = models.ForeignKey("users.User", on_delete=models.PROTECT, related_name="+")
    tenant_id = models.UUIDField(null=True, help_text="In which it was used last.")
    tenant_ids = ArrayField(models.UUIDField(), default=list, help_text="All in which it was used.")
    name = models.CharField(max_length=NAME_LENGTH, blank=True, help_text="What the person calls it.")
    device = models.CharField(max_length=100, help_text="Such as: Firefox on Linux.")
    user_agent = models.CharField(max_length=400, blank=True)
    address = models.CharField(max_length=45, blank=True, help_text="From where it was begun.")
    acr = models.CharField(max_length=16, blank=True)
    amr = ArrayField(models.CharField(max_length=16), default=list)
    last_seen_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    end_reason = models.CharField(max_length=20, choices=EndReason, blank=True)
    # Only while somebody acts as the person: who, why, and in which session of their own.
    impersonator = models.ForeignKey(
        "users.User", null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    reason = models.CharField(max_length=REASON_LENGTH, blank=True)

    application_grants = ("SELECT", "INSERT", "UPDATE", "DELETE")
    personal_columns = dict.fromkeys(("name", "device", "user_agent", "address", "reason"), "user_id")

    class Meta(Entity.Meta):
        db_table = "iam_session"
        constraints = [
            models.CheckConstraint(
                name="session_end_has_reason",
                condition=Q(ended_at__isnull=True, end_reason="") | (Q(ended_at__isnull=False) & ~Q(end_reason="")),
            ),
            models.CheckConstraint(
                name="session_impersonation_is_whole",
                condition=Q(kind="sign_in", impersonator__isnull=True, parent__isnull=True)
                | (
                    Q(kind="impersonation", impersonator__isnull=False, parent__isnull=False)
                    & ~Q(reason="")
                    & ~Q(impersonator=models.F("user"))
                ),
            ),
        ]
        # None holds `last_seen_at`, which changes all the time: so an update of it touches no index.
        indexes = [
            models.Index(fields=["impersonator"], name="session_of_impersonator", condition=_ACTED),
            models.Index(fields=["parent"], name="session_of_parent", condition=_ACTED),
            models.Index(fields=["expires_at"], name="session_to_expire", condition=Q(ended_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return self.name or self.device

    @property
    def is_impersonation(self) -> bool:
        return self.kind == Kind.IMPERSONATION

    def is_over(self, *, at: datetime) -> bool:
        return self.ended_at is not None or self.expires_at <= at

    def end(self, *, at: datetime, reason: EndReason) -> None:
        """Does not save."""
        self.ended_at, self.end_reason = at, reason


class LogoutNotice(models.Model):
    """One client that is to be told that a session has ended, and how that goes. Kept as long as the session."""

    class Status(models.TextChoices):
        PENDING = "pending"
        DELIVERED = "delivered"
        GIVEN_UP = "given_up"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="notices", db_index=False)
    application = models.ForeignKey("oidc.Application", on_delete=models.CASCADE, related_name="+")
    uri = models.CharField(max_length=500, help_text="As it was when the session ended.")
    status = models.CharField(max_length=16, choices=Status, default=Status.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    last_error = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "iam_logout_notice"
        constraints = [
            models.UniqueConstraint(fields=["session", "application"], name="logout_notice_once"),
        ]
        indexes = [
            models.Index(fields=["next_attempt_at"], name="logout_notice_due", condition=Q(status="pending")),
        ]

    def __str__(self) -> str:
        return f"{self.uri}: {self.status}"
