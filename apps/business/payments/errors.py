"""What payments refuse."""

from __future__ import annotations

from apps.core.errors import Conflict, Invalid, NotFound, Unavailable


class PaymentNotFound(NotFound):
    """There is no such payment."""

    code = "payment_not_found"


class InvalidPayment(Invalid):
    """The payment is not well formed."""

    code = "invalid_payment"


class PaymentsNotSetUp(Conflict):
    """This company has no payment provider yet: choose one in the settings of payments."""

    code = "payments_not_set_up"


class OrderHasPayment(Conflict):
    """This order has a payment that is neither declined nor voided."""

    code = "order_has_payment"


class PaymentNotCapturable(Conflict):
    """Only an authorised payment can be captured, once."""

    code = "payment_not_capturable"


class PaymentNotVoidable(Conflict):
    """Only a payment that was not captured can be voided."""

    code = "payment_not_voidable"


class PaymentNotRefundable(Conflict):
    """No more can be given back than was captured and was not given back yet."""

    code = "payment_not_refundable"


class NothingIsStuck(Conflict):
    """Nothing of this payment waits for a person."""

    code = "nothing_is_stuck"


class PayoutDiffers(Conflict):
    """A payout with this reference was noted already, with another amount or currency."""

    code = "payout_differs"


class NoticeRefused(Invalid):
    """The notice is not signed by the payment provider, too old, or not well formed."""

    code = "payment_notice_refused"


class PaymentPageUnavailable(Unavailable):
    """The payment provider cannot be reached, or has no page for this payment. Try again."""

    code = "payment_page_unavailable"
