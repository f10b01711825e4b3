from apps.core.auth import MANAGERS, OWNERS, VIEWERS
from apps.core.auth.permissions import IN_PERSON, Permission


class PaymentPermission(Permission):
    VIEW = "payments.view", "See payments", VIEWERS
    TAKE = "payments.take", "Have a payment authorised for an order", MANAGERS
    CAPTURE = "payments.capture", "Capture and void payments", MANAGERS
    REFUND = "payments.refund", "Give money back", MANAGERS, IN_PERSON
    VIEW_LEDGER = "payments.view_ledger", "See the ledger of payments", MANAGERS
    RECORD_PAYOUT = "payments.record_payout", "Note what the provider paid out", MANAGERS
    CONFIGURE = "payments.configure", "Choose the payment provider and give it keys", OWNERS, IN_PERSON
