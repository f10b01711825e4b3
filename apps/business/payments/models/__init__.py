from apps.business.payments.models.ledger import LedgerAccount, LedgerEntry, LedgerLine
from apps.business.payments.models.payment import ELSEWHERE, OPEN, Operation, Payment
from apps.business.payments.models.provider import ProviderNotice, ProviderSettings

__all__ = [
    "ELSEWHERE",
    "OPEN",
    "LedgerAccount",
    "LedgerEntry",
    "LedgerLine",
    "Operation",
    "Payment",
    "ProviderNotice",
    "ProviderSettings",
]
