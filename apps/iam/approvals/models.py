"""Requests for the approval of a sensitive change, and what may become of one."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import models
from django.db.models import F, Q

from apps.core.db.models import TenantScoped
from apps.core.history import Actor
from apps.core.history.tracking import tracked
from apps.iam.approvals.errors import AlreadyDecided, ApprovalExpired, NotYourOwn


@tracked(exclude=("version", "updated_at", "updated_by"))
class ApprovalRequest(TenantScoped):
    """Somebody wants a change that takes two people. Rows of the platform itself lie in `tenancy.PLATFORM`.

        requested ─┬─ approved ─┬─ executed
                   ├─ refused   └─ failed
                   ├─ withdrawn
                   └─ expired

    That the two are different people is also held by the database.
    """

    class Status(models.TextChoices):
        REQUESTED = "requested"
        APPROVED = "approved"
        EXECUTED = "executed"
        REFUSED = "refused"
        EXPIRED = "expired"
        WITHDRAWN = "withdrawn"
        FAILED = "failed"

    OPEN = (Status.REQUESTED, Status.APPROVED)
    CARRIED = (Status.APPROVED, Status.EXECUTED, Status.FAILED)

    kind = models.CharField(max_length=64)
    status = models.CharField(max_length=16, choices=Status, default=Status.REQUESTED)
    subject_id = models.UUIDField(help_text="Whom or what the change is about.")
    payload = models.JSONField(help_text="The change itself, as it was asked for.")
    payload_digest = models.CharField(max_length=64, editable=False)
    summary = models.CharField(max_length=500, help_text="The change in words.")
    reason = models.CharField(max_length=500, default="", blank=True)
    requested_by = models.UUIDField()
    requested_by_kind = models.CharField(max_length=16, default="user")
    requested_by_name = models.CharField(max_length=200, default="", blank=True)
    requested_through = models.UUIDField(null=True, help_text="Who asked in that person's name.")
    requested_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    decided_by = models.UUIDField(null=True)
    decided_by_name = models.CharField(max_length=200, default="", blank=True)
    decided_at = models.DateTimeField(null=True)
    decision_reason = models.CharField(max_length=500, default="", blank=True)
    closed_at = models.DateTimeField(null=True)
    failure = models.CharField(max_length=500, default="", blank=True)

    personal_columns = {
        "requested_by_name": "requested_by",
        "decided_by_name": "decided_by",
        "summary": "subject_id",
    }

    class Meta(TenantScoped.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "payload_digest"],
                name="approval_open_once_per_change",
                condition=Q(status__in=["requested", "approved"]),
            ),
            models.CheckConstraint(
                name="approval_takes_two_people",
                condition=Q(decided_by__isnull=True)
                | (
                    ~Q(decided_by=F("requested_by"))
                    & (Q(requested_through__isnull=True) | ~Q(decided_by=F("requested_through")))
                ),
            ),
            models.CheckConstraint(
                name="approval_carried_out_was_decided",
                condition=Q(decided_by__isnull=False) | ~Q(status__in=["approved", "executed", "failed", "refused"]),
            ),
        ]
        indexes = [
            models.Index(fields=["tenant_id", "-requested_at", "-id"], name="approval_by_age"),
            models.Index(
                fields=["tenant_id", "expires_at"], name="approval_open", condition=Q(status__in=["requested"])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.status}"

    @property
    def asker(self) -> Actor:
        """Whoever asked, to act in whose name the change is made."""
        kind = "service" if self.requested_by_kind == "service" else "user"
        return Actor(kind=kind, id=self.requested_by, name=self.requested_by_name)  # type: ignore[arg-type]

    @property
    def is_open(self) -> bool:
        return self.status in self.OPEN

    def asked_by(self, person: UUID | None) -> bool:
        """True for whoever asked, and for whoever did so in that person's name."""
        return person is not None and person in (self.requested_by, self.requested_through)

    def approve(self, *, by: Actor, reason: str, at: datetime) -> None:
        """Raises AlreadyDecided, ApprovalExpired, NotYourOwn."""
        self._decide(self.Status.APPROVED, by, reason, at)

    def refuse(self, *, by: Actor, reason: str, at: datetime) -> None:
        """Raises AlreadyDecided, ApprovalExpired, NotYourOwn."""
        self._decide(self.Status.REFUSED, by, reason, at)
        self.closed_at = at

    def withdraw(self, *, at: datetime) -> None:
        """Raises AlreadyDecided, ApprovalExpired."""
        self._must_wait(at)
        self.status, self.closed_at = self.Status.WITHDRAWN, at

    def expire(self, *, at: datetime) -> None:
        """Nobody decided in time. Raises AlreadyDecided."""
        if self.status != self.Status.REQUESTED:
            raise AlreadyDecided
        self.status, self.closed_at = self.Status.EXPIRED, at

    def executed(self, *, at: datetime) -> None:
        """The change is made. Raises AlreadyDecided."""
        self._close(self.Status.EXECUTED, at)

    def fail(self, why: str, *, at: datetime) -> None:
        """The change was approved, and could not be made. Raises AlreadyDecided."""
        self._close(self.Status.FAILED, at)
        self.failure = why[:500]

    def _decide(self, status: str, by: Actor, reason: str, at: datetime) -> None:
        self._must_wait(at)
        if by.id is None or self.asked_by(by.id):
            raise NotYourOwn
        self.status, self.decided_at = status, at
        self.decided_by, self.decided_by_name, self.decision_reason = by.id, by.name[:200], reason[:500]

    def _must_wait(self, at: datetime) -> None:
        if self.status != self.Status.REQUESTED:
            raise AlreadyDecided(status=self.status)
        if self.expires_at <= at:
            raise ApprovalExpired

    def _close(self, status: str, at: datetime) -> None:
        if self.status != self.Status.APPROVED:
            raise AlreadyDecided(status=self.status)
        self.status, self.closed_at = status, at
