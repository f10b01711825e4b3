"""What invoicing announces (topic `business.invoicing`). Amounts are in minor units of `currency`."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from apps.core.events import Event, event

TOPIC = "business.invoicing"


@event(topic=TOPIC, aggregate="Invoice")
class InvoiceIssued(Event):
    """A placed order has its invoice."""

    invoice_id: UUID
    number: str
    order_id: UUID
    occurred_at: datetime
    currency: str
    total_minor: int
    customer_id: UUID | None = None


@event(topic=TOPIC, aggregate="Invoice")
class CreditNoteIssued(Event):
    """What was cancelled or came back is credited. `corrects_number`: of the invoice, empty where none is known."""

    invoice_id: UUID
    number: str
    order_id: UUID | None
    corrects_number: str
    occurred_at: datetime
    currency: str
    total_minor: int
    customer_id: UUID | None = None
