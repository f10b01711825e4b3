"""What invoicing refuses."""

from apps.core.errors import Invalid, NotFound


class InvoiceNotFound(NotFound):
    """There is no such invoice or credit note."""

    code = "invoice_not_found"


class InvalidSeller(Invalid):
    """The seller's details break a rule."""

    code = "invalid_seller"
