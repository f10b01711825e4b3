"""What payments announce (topic `business.payments`). Amounts are in minor units of `currency`."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from apps.core.events import Event, event

TOPIC = "business.payments"


@event(topic=TOPIC, aggregate="Payment")
class PaymentStarted(Event):
    """A provider is going to be asked whether this amount may be taken."""

    payment_id: UUID
    order_id: UUID
    amount_minor: int
    currency: str
    provider: str
    occurred_at: datetime


@event(topic=TOPIC, aggregate="Payment")
class PaymentAuthorised(Event):
    """The amount is reserved at the buyer's bank, and not taken yet."""

    payment_id: UUID
    order_id: UUID
    amount_minor: int
    currency: str
    occurred_at: datetime


@event(topic=TOPIC, aggregate="Payment")
class PaymentDeclined(Event):
    """The amount cannot be taken. `code` is the provider's: `insufficient_funds`, say."""

    payment_id: UUID
    order_id: UUID
    amount_minor: int
    currency: str
    code: str
    reason: str
    occurred_at: datetime


@event(topic=TOPIC, aggregate="Payment")
class PaymentCaptured(Event):
    """The amount was taken, once for a payment; what was authorised beyond it is released."""

    payment_id: UUID
    order_id: UUID
    amount_minor: int
    authorised_minor: int
    currency: str
    occurred_at: datetime


@event(topic=TOPIC, aggregate="Payment")
class PaymentCaptureRefused(Event):
    """The provider will not take the amount. The payment is still authorised, unless another event says otherwise."""

    payment_id: UUID
    order_id: UUID
    amount_minor: int
    currency: str
    code: str
    reason: str
    occurred_at: datetime


@event(topic=TOPIC, aggregate="Payment")
class PaymentVoided(Event):
    """Nothing will be taken any more: what was reserved is released."""

    payment_id: UUID
    order_id: UUID
    amount_minor: int
    currency: str
    occurred_at: datetime


@event(topic=TOPIC, aggregate="Payment")
class PaymentRefunded(Event):
    """An amount was given back; `refunded_minor` is all that was given back so far."""

    payment_id: UUID
    order_id: UUID
    amount_minor: int
    refunded_minor: int
    captured_minor: int
    currency: str
    reason: str
    occurred_at: datetime


@event(topic=TOPIC, aggregate="Payment")
class PaymentRefundRefused(Event):
    """An amount was not given back, or came back from the buyer's bank; `refunded_minor` is what was given back."""

    payment_id: UUID
    order_id: UUID
    amount_minor: int
    refunded_minor: int
    captured_minor: int
    currency: str
    code: str
    reason: str
    occurred_at: datetime


@event(topic=TOPIC, aggregate="LedgerEntry")
class PayoutRecorded(Event):
    """The provider has paid out to the company's bank account."""

    ledger_entry_id: UUID
    amount_minor: int
    currency: str
    reference: str
    occurred_at: datetime
