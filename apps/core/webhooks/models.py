"""Webhooks: where events go, what went there, and how that went. All of it in the database `default`.

What people say of a webhook is `WebhookEndpoint`, with versions and history. How it is doing is `WebhookHealth`, which
changes with every attempt and is what senders queue up at.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar, Self
from urllib.parse import urlsplit
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps.core.db.fields import TenantForeignKey
from apps.core.db.ids import uuid7
from apps.core.db.models import SoftDeletable, TenantScoped
from apps.core.history.tracking import tracked
from apps.core.tenancy import require_tenant_id
from apps.core.webhooks.errors import WebhookIsDeleted

URL_LENGTH, DESCRIPTION_LENGTH, NAME_LENGTH, ERROR_LENGTH = 2000, 500, 200, 500
MOST_EVENT_TYPES = 100


@tracked(exclude=("version", "updated_at", "updated_by"))
class WebhookEndpoint(TenantScoped, SoftDeletable):
    """An address that a tenant has events posted to.

    While it is paused its deliveries wait. While it is disabled they are written down as failed, to be replayed.
    """

    # Enough to say where something is due; not where that is.
    relay_grants = ("SELECT (tenant_id, id, state, deleted_at)",)

    class State(models.TextChoices):
        ENABLED = "enabled"
        PAUSED = "paused"
        DISABLED = "disabled"

    class DisabledBecause(models.TextChoices):
        BY_HAND = "by_hand"
        GONE = "gone", "its receiver answered 410 Gone"
        FAILING = "failing", "it failed for too long"

    url = models.CharField(max_length=URL_LENGTH)
    description = models.CharField(max_length=DESCRIPTION_LENGTH, blank=True, default="")
    event_types = ArrayField(models.CharField(max_length=NAME_LENGTH), help_text="Names, or families such as `a.b.*`.")
    ordered = models.BooleanField(default=False, help_text="An event waits for the earlier ones of the same thing.")
    state = models.CharField(max_length=16, choices=State, default=State.ENABLED)
    disabled_because = models.CharField(max_length=16, choices=DisabledBecause, blank=True, default="")
    disabled_at = models.DateTimeField(null=True, blank=True)

    failing_since: datetime | None  # brought along by `queries.endpoints` and `queries.endpoint`
    resting_until: datetime | None
    last_success_at: datetime | None

    class Meta(TenantScoped.Meta):
        db_table = "webhooks_endpoint"
        indexes = [models.Index(fields=["tenant_id", "-created_at", "-id"], name="webhook_endpoint_by_age")]

    def __str__(self) -> str:
        return self.description or self.host

    @property
    def host(self) -> str:
        """What may be told of the address: the rest may be as good as a password."""
        return urlsplit(self.url).hostname or ""

    @property
    def shown_state(self) -> str:
        """As `state`; `deleted` once it is."""
        return "deleted" if self.is_deleted else str(self.state)

    @property
    def is_open(self) -> bool:
        """True if deliveries leave now."""
        return self.state == self.State.ENABLED and not self.is_deleted

    @property
    def is_listening(self) -> bool:
        """True if deliveries leave now or later."""
        return self.state != self.State.DISABLED and not self.is_deleted

    def must_exist(self) -> None:
        """Raises WebhookIsDeleted."""
        if self.is_deleted:
            raise WebhookIsDeleted

    def become(self, state: str, *, at: datetime, because: str = DisabledBecause.BY_HAND) -> None:
        if state == self.state:
            return
        self.state, off = state, state == self.State.DISABLED
        self.disabled_because, self.disabled_at = (because, at) if off else ("", None)


class TenantRows(models.QuerySet["TenantRow", "TenantRow"]):
    def in_tenant(self) -> Self:
        """Only the current tenant's rows. Raises NoTenant."""
        return self.filter(tenant_id=require_tenant_id())


class TenantRow(models.Model):
    """A row that the platform keeps for itself: nobody edits it, so it has no version and no stamps."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant_id = models.UUIDField(default=require_tenant_id, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[Any] = TenantRows.as_manager()

    class Meta:
        abstract = True


class WebhookHealth(TenantRow):
    """How a webhook is doing. Its lock is the queue of those who take deliveries of this endpoint."""

    endpoint = TenantForeignKey(WebhookEndpoint, on_delete=models.CASCADE, related_name="+")
    failures = models.PositiveIntegerField(default=0, help_text="Since the last success.")
    failing_since = models.DateTimeField(null=True)
    resting_until = models.DateTimeField(null=True, help_text="Nothing is sent before: it asked for that, or fails.")
    last_attempt_at = models.DateTimeField(null=True)
    last_success_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "webhooks_health"
        constraints = [models.UniqueConstraint(fields=["tenant_id", "endpoint"], name="webhook_health_once")]

    relay_grants = ("SELECT (tenant_id, endpoint_id, resting_until)",)

    def succeeded(self, *, at: datetime) -> None:
        """What was on its way already may be accepted while others were asked to wait: that holds on."""
        self.failures, self.failing_since = 0, None
        self.resting_until = self.resting_until if self.is_resting(at) else None
        self.last_attempt_at = self.last_success_at = at

    def failed(self, *, at: datetime, rest: timedelta) -> None:
        self.failures, self.failing_since, self.last_attempt_at = self.failures + 1, self.failing_since or at, at
        if rest:
            self.resting_until = max(at + rest, self.resting_until or at)

    def is_resting(self, at: datetime) -> bool:
        return self.resting_until is not None and self.resting_until > at

    def begin_anew(self) -> None:
        self.failures, self.failing_since, self.resting_until = 0, None, None


class WebhookSecret(TenantRow):
    """A key that deliveries are signed with: the present one, or one that was replaced and is good until `retires_at`.

    It keeps no history, so that no copy of it outlives it.
    """

    endpoint = TenantForeignKey(WebhookEndpoint, on_delete=models.CASCADE, related_name="+")
    sealed = models.BinaryField()
    retires_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "webhooks_secret"
        indexes = [models.Index(fields=["tenant_id", "endpoint", "-created_at"], name="webhook_secret_of_endpoint")]


class WebhookMessage(TenantRow):
    """An event that somebody wants posted: once, however many endpoints it goes to. Its envelope is sealed."""

    left_out_of_exports = True  # a copy of what the event log has

    event_id = models.UUIDField()
    event_type = models.CharField(max_length=NAME_LENGTH)
    happened_at = models.DateTimeField()
    sealed = models.BinaryField()

    class Meta:
        db_table = "webhooks_message"
        constraints = [models.UniqueConstraint(fields=["tenant_id", "event_id"], name="webhook_message_once")]
        indexes = [models.Index(fields=["tenant_id", "created_at", "id"], name="webhook_message_by_age")]


class WebhookDelivery(TenantRow):
    """One event on its way to one endpoint.

    `next_at` is when it is due; while `claim` is set, when whoever is sending it is given up for dead.
    """

    class State(models.TextChoices):
        PENDING = "pending"
        SUCCEEDED = "succeeded"
        FAILED = "failed"

    class FailedBecause(models.TextChoices):
        EXHAUSTED = "exhausted", "it was tried for as long as it may be"
        GONE = "gone", "the receiver answered 410 Gone"
        DISABLED = "endpoint_disabled", "the webhook was disabled"
        DELETED = "endpoint_deleted", "the webhook was deleted"
        UNREADABLE = "unreadable", "the event cannot be read any more"
        TEST = "test", "tests are tried once"

    relay_grants = ("SELECT (tenant_id, endpoint_id, state, next_at, is_test)",)

    endpoint = TenantForeignKey(WebhookEndpoint, on_delete=models.CASCADE, related_name="+")
    message = TenantForeignKey(WebhookMessage, on_delete=models.CASCADE, related_name="+")
    event_type = models.CharField(max_length=NAME_LENGTH)
    key = models.UUIDField(help_text="Id of the aggregate.")
    sequence = models.IntegerField(help_text="Order within the key.")
    is_test = models.BooleanField(default=False)
    state = models.CharField(max_length=16, choices=State, default=State.PENDING)
    failed_because = models.CharField(max_length=24, choices=FailedBecause, blank=True, default="")
    attempts = models.PositiveIntegerField(default=0)
    retries = models.PositiveIntegerField(default=0, help_text="Failures since it was queued or replayed.")
    failing_since = models.DateTimeField(null=True, help_text="The first of these.")
    next_at = models.DateTimeField()
    claim = models.UUIDField(null=True)
    settled_at = models.DateTimeField(null=True)
    last_status = models.PositiveSmallIntegerField(null=True)
    last_error = models.CharField(max_length=ERROR_LENGTH, blank=True, default="")

    class Meta:
        db_table = "webhooks_delivery"
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "endpoint", "message"], name="webhook_delivery_once")
        ]
        indexes = [
            models.Index(
                fields=["tenant_id", "endpoint", "next_at", "id"],
                name="webhook_delivery_due",
                condition=Q(state="pending"),
            ),
            models.Index(
                fields=["tenant_id", "endpoint", "key", "sequence"],
                name="webhook_delivery_in_order",
                condition=Q(state="pending"),
            ),
            models.Index(fields=["next_at"], name="webhook_delivery_sweep", condition=Q(state="pending")),
            models.Index(
                fields=["tenant_id", "endpoint", "next_at"],
                name="webhook_delivery_claimed",
                condition=Q(state="pending", claim__isnull=False),
            ),
            models.Index(fields=["tenant_id", "-created_at", "-id"], name="webhook_delivery_by_age"),
            models.Index(fields=["tenant_id", "endpoint", "-created_at", "-id"], name="webhook_delivery_of_endpoint"),
        ]

    def take(self, claim: UUID, *, until: datetime) -> None:
        self.claim, self.next_at, self.attempts = claim, until, self.attempts + 1

    def succeed(self, *, at: datetime) -> None:
        self.state, self.failed_because, self.settled_at = self.State.SUCCEEDED, "", at

    def fail(self, because: str, *, at: datetime) -> None:
        self.state, self.failed_because, self.settled_at = self.State.FAILED, because, at

    def note_failure(self, *, at: datetime) -> None:
        self.retries, self.failing_since = self.retries + 1, self.failing_since or at

    def begin_anew(self, *, at: datetime) -> None:
        """To be sent as if it had never been tried. The attempts of before stay written down."""
        self.state, self.failed_because, self.settled_at = self.State.PENDING, "", None
        self.retries, self.failing_since, self.claim, self.next_at = 0, None, None, at


class WebhookAttempt(TenantRow):
    """One POST of a delivery and what came of it."""

    delivery = TenantForeignKey(WebhookDelivery, on_delete=models.CASCADE, related_name="+")
    number = models.PositiveIntegerField()
    at = models.DateTimeField()
    duration_ms = models.PositiveIntegerField()
    status = models.PositiveSmallIntegerField(null=True, help_text="Of the answer; null where none came.")
    error = models.CharField(max_length=ERROR_LENGTH, blank=True, default="")
    request_headers: Any = models.JSONField(default=dict)
    response_headers: Any = models.JSONField(default=dict)
    response_excerpt = models.TextField(blank=True, default="", help_text="The beginning of what was answered.")

    class Meta:
        db_table = "webhooks_attempt"
        indexes = [models.Index(fields=["tenant_id", "delivery", "number"], name="webhook_attempt_of_delivery")]
