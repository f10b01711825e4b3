"""Who comes into a shop, and what lies in their cart: plain values, for pages and API."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from apps.business.money import price_of
from apps.core.history import Actor

# Who acts where nobody is signed in. What they do is the shop's.
SHOP = Actor(kind="system", name="shop")


@dataclass(frozen=True, slots=True)
class Visitor:
    """A person of this company who is signed in, or whoever holds a cart's token; or somebody without any cart."""

    user_id: UUID | None = None
    token: str = ""
    actor: Actor = SHOP

    @property
    def token_hash(self) -> str:
        return hash_of(self.token) if self.token else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CartItem:
    """A line of a cart as it stands now. `price_e4` is None where the product is not sold any more; `most` is how many
    can be had.
    """

    product_id: UUID
    name: str
    sku: str
    options: dict[str, str]
    quantity: int
    price_e4: int | None
    seen_price_e4: int
    total_minor: int
    most: int

    @property
    def price(self) -> Decimal | None:
        """In major units."""
        return None if self.price_e4 is None else price_of(self.price_e4)

    @property
    def seen_price(self) -> Decimal:
        """In major units."""
        return price_of(self.seen_price_e4)

    @property
    def is_short(self) -> bool:
        return self.quantity > self.most

    @property
    def is_gone(self) -> bool:
        return self.price_e4 is None

    @property
    def has_new_price(self) -> bool:
        return self.price_e4 is not None and self.price_e4 != self.seen_price_e4


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """A cart at today's prices. `total_minor` is that of its goods, before shipping and added taxes."""

    id: UUID | None
    currency: str
    items: tuple[CartItem, ...] = ()

    @property
    def total_minor(self) -> int:
        return sum(item.total_minor for item in self.items)

    @property
    def pieces(self) -> int:
        return sum(item.quantity for item in self.items)

    @property
    def can_be_ordered(self) -> bool:
        return bool(self.items) and not any(item.is_short or item.is_gone for item in self.items)


def new_token() -> str:
    """256 bits that nobody guesses."""
    return secrets.token_urlsafe(32)


def hash_of(token: str) -> str:
    """What is kept of a token: who reads the table cannot take anybody's cart."""
    return hashlib.sha256(token.encode()).hexdigest()
