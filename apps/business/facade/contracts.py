"""What the business service hands out: frozen values, never models."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class ProductInfo:
    """Something that can be sold. `unit_price_e4` is in 1/10,000 major units of `currency` (ISO 4217)."""

    id: UUID
    sku: str
    name: str
    unit_price_e4: int
    currency: str
    is_deleted: bool


@dataclass(frozen=True, slots=True)
class OrderInfo:
    """An order as the list knows it, some milliseconds late. Amounts are in minor units of `currency`."""

    id: UUID
    number: str
    status: str
    customer_id: UUID | None
    customer_name: str
    placed_at: datetime
    currency: str
    total_minor: int
    returned_minor: int
