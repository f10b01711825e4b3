"""What orders refuse."""

from apps.core.errors import Conflict, Invalid, NotFound


class OrderNotFound(NotFound):
    """There is no such order."""

    code = "order_not_found"


class ReturnNotFound(NotFound):
    """There is no such return or credit."""

    code = "return_not_found"


class CustomerNotFound(NotFound):
    """There is no such customer."""

    code = "customer_not_found"


class CustomerCodeTaken(Conflict):
    """Another customer has that code."""

    code = "customer_code_taken"


class CustomerIsErased(Conflict):
    """Nothing personal is left of this customer, and nothing is added to them any more."""

    code = "customer_erased"


class CustomerHasOpenOrders(Conflict):
    """An order of this customer is still to be decided or to be sent: to whom, would be known no more."""

    code = "customer_has_open_orders"


class OrderNumberTaken(Conflict):
    """Another order has that number."""

    code = "order_number_taken"


class OrderAlreadyReturned(Conflict):
    """Goods came back already, so that the order can no longer be cancelled."""

    code = "order_already_returned"


class OrderIsCancelled(Conflict):
    """The order is cancelled: its goods are back in stock."""

    code = "order_is_cancelled"


class OrderNotDecided(Conflict):
    """The order is under review, or was refused: there is nothing to cancel or to send back."""

    code = "order_not_decided"


class OrderNotPaidYet(Conflict):
    """The payment is under way: what becomes of the order is known in a moment."""

    code = "order_not_paid_yet"


class PaymentFailed(Conflict):
    """The money for an order cannot be had."""

    code = "payment_failed"


class OrderAlreadyShipped(Conflict):
    """Goods are on their way or there, so that they have to come back instead."""

    code = "order_already_shipped"


class ShipmentNotFound(NotFound):
    """No such shipment of the order is known."""

    code = "shipment_not_found"


class InvalidShipment(Invalid):
    """More is to be shipped than is owed, or nothing."""

    code = "invalid_shipment"


class OrderNotUnderReview(Conflict):
    """The order waits for nobody's decision."""

    code = "order_not_under_review"


class ReviewLimitNotFound(NotFound):
    """Orders in this currency are not reviewed."""

    code = "review_limit_not_found"


class InvalidReviewLimit(Invalid):
    """The limit breaks a rule."""

    code = "invalid_review_limit"


class TaxRateNotFound(NotFound):
    """There is no such tax rate."""

    code = "tax_rate_not_found"


class TaxRateExists(Conflict):
    """The same goods of the same country have another rate from that day on."""

    code = "tax_rate_exists"


class InvalidTaxRate(Invalid):
    """The tax rate breaks a rule."""

    code = "invalid_tax_rate"


class InvalidOrder(Invalid):
    """The order breaks a rule."""

    code = "invalid_order"


class InvalidReturn(Invalid):
    """The return breaks a rule."""

    code = "invalid_return"


class InvalidCustomer(Invalid):
    """The customer breaks a rule."""

    code = "invalid_customer"


class AddressNotFound(NotFound):
    """The customer has no such address."""

    code = "address_not_found"


class InvalidAddress(Invalid):
    """The address breaks a rule."""

    code = "invalid_address"


class TooManyAddresses(Conflict):
    """The customer has as many addresses as one may have."""

    code = "too_many_addresses"


class ShippingMethodNotFound(NotFound):
    """There is no such way to send goods."""

    code = "shipping_method_not_found"


class ShippingMethodExists(Conflict):
    """Another way has that name."""

    code = "shipping_method_exists"


class InvalidShippingMethod(Invalid):
    """What is said of the way breaks a rule."""

    code = "invalid_shipping_method"


class NoteNotFound(NotFound):
    """The order has no such note."""

    code = "order_note_not_found"


class InvalidNote(Invalid):
    """The note says nothing, or too much; `errors` says what."""

    code = "invalid_order_note"
