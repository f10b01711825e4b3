from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import F, Q

from apps.business.payments.errors import PaymentNotCapturable, PaymentNotRefundable, PaymentNotVoidable
from apps.business.rows import TenantPart
from apps.core.db.fields import TenantForeignKey
from apps.core.db.models import TenantScoped
from apps.core.history.tracking import tracked

# What stands for the provider, and for the method, of money that somebody took without this platform.
ELSEWHERE = "elsewhere"


@tracked()
class Payment(TenantScoped):
    """Money for an order, from the question whether it may be taken to what was given back.

    `order_id` names an order of a sibling: an id, never a foreign key. It is captured once, wholly or partly (what is
    left is released then), and refunded as often as there is something left.
    """

    class Status(models.TextChoices):
        AUTHORISING = "authorising"
        AUTHORISED = "authorised"
        DECLINED = "declined"
        CAPTURED = "captured"
        VOIDED = "voided"
        PARTLY_REFUNDED = "partly_refunded"
        REFUNDED = "refunded"

    order_id = models.UUIDField()
    provider = models.CharField(max_length=32)
    method = models.CharField(max_length=255, help_text="The provider's token of a card, say; never its number.")
    reference = models.CharField(max_length=255, blank=True, default="", help_text="What the provider calls it.")
    status = models.CharField(max_length=16, choices=Status, default=Status.AUTHORISING)
    currency = models.CharField(max_length=3, help_text="ISO 4217.")
    amount_minor = models.BigIntegerField(help_text="What is to be authorised, in minor units of `currency`.")
    captured_minor = models.BigIntegerField(default=0)
    refunded_minor = models.BigIntegerField(default=0)
    fee_minor = models.BigIntegerField(default=0, help_text="What the provider keeps.")
    decline_code = models.CharField(max_length=100, blank=True, default="")
    decline_reason = models.CharField(max_length=500, blank=True, default="")

    class Meta(TenantScoped.Meta):
        indexes = [
            models.Index(name="payments_newest", fields=["tenant_id", "-created_at", "-id"]),
            models.Index(name="payments_by_reference", fields=["tenant_id", "reference"]),
        ]
        constraints = [
            # Asked again for the same order with the same card, it is the same payment.
            models.UniqueConstraint(name="payments_one_per_method", fields=["tenant_id", "order_id", "method"]),
            models.UniqueConstraint(
                name="payments_one_alive_per_order",
                fields=["tenant_id", "order_id"],
                condition=~Q(status__in=["declined", "voided"]),
            ),
            models.CheckConstraint(name="payments_amount_positive", condition=Q(amount_minor__gt=0)),
            models.CheckConstraint(
                name="payments_captured_within_authorised",
                condition=Q(captured_minor__gte=0, captured_minor__lte=F("amount_minor")),
            ),
            models.CheckConstraint(
                name="payments_refunded_within_captured",
                condition=Q(refunded_minor__gte=0, refunded_minor__lte=F("captured_minor")),
            ),
            models.CheckConstraint(name="payments_fee_not_negative", condition=Q(fee_minor__gte=0)),
        ]

    @property
    def is_alive(self) -> bool:
        return self.status not in (self.Status.DECLINED, self.Status.VOIDED)

    @property
    def is_captured(self) -> bool:
        return self.captured_minor > 0

    @property
    def refundable_minor(self) -> int:
        """What was captured and not given back; what is on its way back counts as there."""
        return self.captured_minor - self.refunded_minor

    def authorise(self) -> None:
        self.status = self.Status.AUTHORISED

    def decline(self, *, code: str, reason: str) -> None:
        self.status, self.decline_code, self.decline_reason = self.Status.DECLINED, code[:100], reason[:500]

    def capture(self, amount_minor: int) -> None:
        if self.status != self.Status.AUTHORISED or not 0 < amount_minor <= self.amount_minor:
            raise PaymentNotCapturable
        self.status, self.captured_minor = self.Status.CAPTURED, amount_minor

    def void(self) -> None:
        if self.is_captured:
            raise PaymentNotVoidable
        self.status = self.Status.VOIDED

    def give_back(self, amount_minor: int) -> None:
        """Below zero: what was given back has come back."""
        refunded = self.refunded_minor + amount_minor
        if not 0 <= refunded <= self.captured_minor:
            raise PaymentNotRefundable
        self.refunded_minor = refunded
        whole = self.Status.REFUNDED if refunded == self.captured_minor else self.Status.PARTLY_REFUNDED
        self.status = whole if refunded else self.Status.CAPTURED


class Operation(TenantPart):
    """Something that the provider is asked to do, written in the transaction that wants it: the payments' outbox.

    Its id is the idempotency key of every such question. Those of one payment are asked one after the other.
    """

    class Kind(models.TextChoices):
        AUTHORISE = "authorise"
        CAPTURE = "capture"
        VOID = "void"
        REFUND = "refund"

    class State(models.TextChoices):
        PENDING = "pending"
        STUCK = "stuck", "nobody answered for so long that a person must look"
        SUCCEEDED = "succeeded"
        FAILED = "failed"

    application_grants = ("SELECT", "INSERT", "UPDATE")
    relay_grants = ("SELECT",)

    payment = TenantForeignKey(Payment, related_name="operations", db_index=False)
    kind = models.CharField(max_length=16, choices=Kind)
    state = models.CharField(max_length=16, choices=State, default=State.PENDING)
    amount_minor = models.BigIntegerField()
    request_key = models.CharField(max_length=200, help_text="Of whoever wants it: repeated, it is the same operation.")
    reason = models.CharField(max_length=200, blank=True, default="")
    reference = models.CharField(max_length=255, blank=True, default="", help_text="What the provider calls it.")
    pay_by = models.DateTimeField(
        null=True, help_text="Until when the buyer may pay on the provider's page; empty while nobody came there."
    )
    attempts = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField(help_text="When it is asked next; while it is being asked, when that is given up.")
    code = models.CharField(max_length=100, blank=True, default="")
    message = models.CharField(max_length=500, blank=True, default="", help_text="Why it failed, or was not answered.")
    wanted_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    actor_id = models.UUIDField(null=True)
    actor_name = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        indexes = [
            models.Index(name="payments_operation_due", fields=["next_at"], condition=Q(state="pending")),
        ]
        constraints = [
            models.UniqueConstraint(name="payments_asked_once", fields=["tenant_id", "payment", "kind", "request_key"]),
            models.CheckConstraint(name="payments_operation_amount", condition=Q(amount_minor__gt=0)),
        ]

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    def take(self, *, until: datetime) -> None:
        """Somebody is about to ask."""
        self.attempts, self.next_at = self.attempts + 1, until

    def settle(self, state: State, *, at: datetime, code: str = "", message: str = "") -> None:
        self.state, self.settled_at, self.code, self.message = state, at, code[:100], message[:500]


OPEN = (Operation.State.PENDING, Operation.State.STUCK)
