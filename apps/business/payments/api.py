"""REST: payments, their ledger, and who takes them."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers

from apps.business.payments import commands, queries
from apps.business.payments.filters import LedgerFilter, PaymentFilter
from apps.business.payments.models import LedgerEntry, Operation, Payment
from apps.business.payments.permissions import PaymentPermission
from apps.core.api.views import SENSITIVE, Answer, ApiView, entity_response, page_of, validated
from apps.core.idempotency import idempotent

_MOST_MINOR = 10**15


def _amount(**options):
    return serializers.IntegerField(min_value=1, max_value=_MOST_MINOR, **options)


class PaymentInput(serializers.Serializer):
    order_id = serializers.UUIDField()
    amount_minor = _amount(help_text="In minor units of the currency.")
    currency = serializers.CharField(max_length=3, help_text="ISO 4217.")
    method = serializers.CharField(max_length=255, help_text="The provider's token of the buyer's card: `pm_…`.")


class CaptureInput(serializers.Serializer):
    amount_minor = _amount(required=False, help_text="Less releases the rest; all of it when left out.")


class VoidInput(serializers.Serializer):
    reason = serializers.CharField(max_length=200, default="", allow_blank=True)


class RefundInput(serializers.Serializer):
    amount_minor = _amount()
    reason = serializers.CharField(max_length=200, default="", allow_blank=True)
    key = serializers.CharField(max_length=200, help_text="Tells this refund from others: a return's number, say.")


class PaymentOutput(serializers.Serializer):
    id = serializers.UUIDField()
    order_id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=Payment.Status.choices)
    currency = serializers.CharField()
    amount_minor = serializers.IntegerField(help_text="What is, or was to be, authorised.")
    captured_minor = serializers.IntegerField()
    refunded_minor = serializers.IntegerField()
    fee_minor = serializers.IntegerField(help_text="What the provider keeps.")
    provider = serializers.CharField()
    reference = serializers.CharField(help_text="What the provider calls it.")
    decline_code = serializers.CharField()
    decline_reason = serializers.CharField()
    version = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class PaymentOperationOutput(serializers.Serializer):
    id = serializers.UUIDField(help_text="The idempotency key that the provider is asked with.")
    kind = serializers.ChoiceField(choices=Operation.Kind.choices)
    state = serializers.ChoiceField(choices=Operation.State.choices)
    amount_minor = serializers.IntegerField()
    reason = serializers.CharField()
    attempts = serializers.IntegerField()
    code = serializers.CharField()
    message = serializers.CharField(help_text="Why it failed, or was not answered.")
    wanted_at = serializers.DateTimeField()
    settled_at = serializers.DateTimeField(allow_null=True)
    actor_id = serializers.UUIDField(allow_null=True)
    actor_name = serializers.CharField()


class LedgerLineOutput(serializers.Serializer):
    account = serializers.CharField(source="account.code")
    amount_minor = serializers.IntegerField(help_text="A debit above zero, a credit below.")


class LedgerEntryOutput(serializers.Serializer):
    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=LedgerEntry.Kind.choices)
    reference = serializers.CharField()
    currency = serializers.CharField()
    payment_id = serializers.UUIDField(allow_null=True)
    lines = LedgerLineOutput(many=True, help_text="They sum to zero.")
    occurred_at = serializers.DateTimeField()
    recorded_at = serializers.DateTimeField()
    actor_id = serializers.UUIDField(allow_null=True)
    actor_name = serializers.CharField()


class PaymentDetailOutput(PaymentOutput):
    operations = PaymentOperationOutput(many=True, source="asked", help_text="Asked of the provider; oldest first.")
    entries = LedgerEntryOutput(many=True, source="booked", help_text="What was booked, oldest first.")


class BalanceOutput(serializers.Serializer):
    account = serializers.CharField(source="code")
    currency = serializers.CharField()
    debit_minor = serializers.IntegerField()
    credit_minor = serializers.IntegerField()
    balance_minor = serializers.IntegerField(help_text="Debits less credits.")


class PayoutInput(serializers.Serializer):
    reference = serializers.CharField(max_length=200, help_text="The provider's or the bank statement's: booked once.")
    amount_minor = _amount()
    currency = serializers.CharField(max_length=3, help_text="ISO 4217.")


class PaymentProviderInput(serializers.Serializer):
    provider = serializers.CharField(max_length=32)
    key = serializers.CharField(max_length=500, default="", allow_blank=True, help_text="Never shown again.")
    webhook_secret = serializers.CharField(max_length=500, default="", allow_blank=True, help_text="Never shown again.")


class PaymentProviderOutput(serializers.Serializer):
    provider = serializers.CharField()
    key_ending = serializers.CharField(help_text="The last four characters of the key; empty without one.")
    webhook_path = serializers.CharField(help_text="Where the provider is to call.")


class Payments(ApiView):
    """GET, POST /api/v1/payments: list payments, have one authorised."""

    required_permission = {"GET": PaymentPermission.VIEW, "POST": PaymentPermission.TAKE}
    filterset_class = PaymentFilter
    sortable = ("created_at", "amount_minor")

    @extend_schema(responses=PaymentOutput(many=True))
    def get(self, request):
        return page_of(request, queries.payments(), PaymentOutput)

    @extend_schema(request=PaymentInput, responses={202: PaymentOutput})
    @idempotent(Payment)
    def post(self, request):
        """The provider is asked a moment later: read the payment again for what it said."""
        wish = validated(PaymentInput, request.data)
        return _accepted(commands.authorise(**wish, actor=request.actor, now=timezone.now()))


class PaymentDetail(ApiView):
    """GET /api/v1/payments/{payment_id}: one payment, what was asked of the provider, and what was booked."""

    required_permission = PaymentPermission.VIEW
    versioned = True

    @extend_schema(responses=PaymentDetailOutput)
    def get(self, request, payment_id):
        payment = queries.payment(payment_id)
        payment.asked, payment.booked = queries.operations_of(payment_id), queries.entries_of(payment_id)
        return entity_response(request, payment, PaymentDetailOutput)


class PaymentCapture(ApiView):
    """POST /api/v1/payments/{payment_id}/capture: take what was authorised, or less; once."""

    required_permission = PaymentPermission.CAPTURE

    @extend_schema(request=CaptureInput, responses={202: PaymentOutput})
    @idempotent(Payment)
    def post(self, request, payment_id):
        wish = validated(CaptureInput, request.data)
        return _accepted(commands.capture(payment_id=payment_id, **wish, actor=request.actor, now=timezone.now()))


class PaymentVoiding(ApiView):
    """POST /api/v1/payments/{payment_id}/voiding: release what was authorised."""

    required_permission = PaymentPermission.CAPTURE

    @extend_schema(request=VoidInput, responses={202: PaymentOutput})
    @idempotent(Payment)
    def post(self, request, payment_id):
        wish = validated(VoidInput, request.data)
        return _accepted(commands.void(payment_id=payment_id, **wish, actor=request.actor, now=timezone.now()))


class PaymentRefunds(ApiView):
    """POST /api/v1/payments/{payment_id}/refunds: give some of what was captured back."""

    required_permission = PaymentPermission.REFUND

    @extend_schema(request=RefundInput, responses={202: PaymentOutput})
    @idempotent(Payment)
    def post(self, request, payment_id):
        wish = validated(RefundInput, request.data)
        payment = commands.refund(
            payment_id=payment_id,
            amount_minor=wish["amount_minor"],
            request_key=wish["key"],
            reason=wish["reason"],
            actor=request.actor,
            now=timezone.now(),
        )
        return _accepted(payment)


class PaymentInquiry(ApiView):
    """POST /api/v1/payments/{payment_id}/inquiry: ask the provider again what nobody answered for too long."""

    required_permission = PaymentPermission.CAPTURE

    @extend_schema(request=None, responses={202: PaymentOutput})
    def post(self, request, payment_id):
        return _accepted(commands.ask_again(payment_id=payment_id, actor=request.actor, now=timezone.now()))


class LedgerEntries(ApiView):
    """GET /api/v1/ledger/entries: what was booked, the latest first. Each entry's lines sum to zero."""

    required_permission = PaymentPermission.VIEW_LEDGER
    filterset_class = LedgerFilter
    sortable = ("recorded_at",)

    @extend_schema(responses=LedgerEntryOutput(many=True))
    def get(self, request):
        return page_of(request, queries.entries(), LedgerEntryOutput)


class TrialBalance(ApiView):
    """GET /api/v1/ledger/trial-balance: every account, by currency; debits equal credits in each."""

    required_permission = PaymentPermission.VIEW_LEDGER
    paged = False

    @extend_schema(responses=BalanceOutput(many=True))
    def get(self, request):
        return Answer(BalanceOutput(queries.trial_balance(), many=True).data)


class Payouts(ApiView):
    """POST /api/v1/ledger/payouts: note what the provider paid out to the bank account."""

    required_permission = PaymentPermission.RECORD_PAYOUT

    @extend_schema(request=PayoutInput, responses={201: LedgerEntryOutput})
    @idempotent(LedgerEntry)
    def post(self, request):
        wish = validated(PayoutInput, request.data)
        entry = commands.record_payout(**wish, actor=request.actor, now=timezone.now())
        return Answer(LedgerEntryOutput(queries.entries().get(id=entry.id)).data, status=201)


class PaymentProviderSetting(ApiView):
    """GET, PUT /api/v1/payment-provider: who takes the payments."""

    required_permission = {"GET": PaymentPermission.CONFIGURE, "PUT": PaymentPermission.CONFIGURE}
    step_up = {"PUT": SENSITIVE}

    @extend_schema(responses=PaymentProviderOutput)
    def get(self, request):
        return Answer(PaymentProviderOutput(queries.chosen_provider()).data)

    @extend_schema(request=PaymentProviderInput, responses=PaymentProviderOutput)
    def put(self, request):
        """What is left out of the keys stays, with the same provider."""
        commands.choose_provider(**validated(PaymentProviderInput, request.data), actor=request.actor)
        return Answer(PaymentProviderOutput(queries.chosen_provider()).data)


def _accepted(payment):
    headers = {"Location": f"/api/v1/payments/{payment.id}"}
    return Answer(PaymentOutput(payment).data, status=202, headers=headers)
