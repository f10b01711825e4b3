"""Every write to invoices, one transaction each. Nothing changes an invoice once it is issued."""

from apps.business.invoicing.commands.issuing import credit_cancelled_order, credit_return, invoice_order
from apps.business.invoicing.commands.recording import record_cancellation, record_credit_note, record_invoices
from apps.business.invoicing.commands.selling import SellerDetails, details_of, state_seller

__all__ = [
    "SellerDetails",
    "credit_cancelled_order",
    "credit_return",
    "details_of",
    "invoice_order",
    "record_cancellation",
    "record_credit_note",
    "record_invoices",
    "state_seller",
]
