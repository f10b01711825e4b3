"""What is asked of a payment provider, and what it tells.

An answer and a webhook tell the same way: what has become of a payment, or of a refund. Whoever hears it twice, late
or out of order needs only look whether it is news.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

# The method of whoever pays on a page of the provider's: no card comes near us.
PAGE = "page"
# Why nobody paid there: time ran out, nobody ever came, somebody gave up.
PAGE_EXPIRED, PAGE_NOT_OPENED, PAGE_CLOSED = "page_expired", "page_not_opened", "page_closed"

PaymentState = Literal["pending", "authorised", "declined", "captured", "voided"]
RefundState = Literal["pending", "refunded", "failed"]


class NoAnswer(Exception):
    """Nobody knows whether it was done: ask again, with the same key."""


class Refused(Exception):
    """The provider will not do it, however often it is asked."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message = code, message


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What a provider is to do. `key` is the same however often it is asked.

    `reference` is what the provider calls the payment, and `operation_reference` the refund, or the page where the
    buyer pays; "" while it has not said.
    """

    key: str
    payment_id: str
    order_id: str
    method: str
    currency: str
    amount_minor: int
    reference: str = ""
    operation_reference: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """What a buyer is sent to the provider's page with: for what, until when, and where to come back to."""

    title: str
    paid_url: str
    cancelled_url: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Page:
    """The provider's own page where a buyer pays; `url` is "" once that is over."""

    reference: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentNews:
    """What has become of a payment. `amount_minor` is what was captured; `fee_minor` is 0 while it is not known."""

    payment_id: str
    reference: str
    state: PaymentState
    currency: str
    amount_minor: int = 0
    fee_minor: int = 0
    code: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundNews:
    """What has become of a refund. `key` is the one it was asked for with."""

    key: str
    payment_id: str
    reference: str
    state: RefundState
    amount_minor: int
    code: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutNews:
    """The provider has paid out to the company."""

    reference: str
    amount_minor: int
    currency: str


News = PaymentNews | RefundNews | PayoutNews


@dataclass(frozen=True, slots=True)
class Notice:
    """A webhook call that was verified. `news` is None for what does not concern us."""

    event_id: str
    event_type: str
    news: News | None


class Provider(Protocol):
    """Whoever takes payments. Each question raises NoAnswer or Refused; a declined card is an answer."""

    def authorise(self, ask: Ask) -> PaymentNews:
        """Reserve the amount; asked with a reference, only tell what became of it. By `PAGE` the buyer does it: tell
        whether they have.
        """

    def page(self, ask: Ask, errand: Errand) -> Page:
        """A page where the buyer pays; asked with a reference of one, the same."""

    def close_page(self, ask: Ask) -> PaymentNews:
        """Let nobody pay on that page any more; tell whether somebody has meanwhile."""

    def capture(self, ask: Ask) -> PaymentNews:
        """Take so much of what was reserved and release the rest."""

    def void(self, ask: Ask) -> PaymentNews:
        """Release what was reserved."""

    def refund(self, ask: Ask) -> RefundNews:
        """Give so much back; asked with a reference of the refund, only tell what became of it."""

    def read_notice(self, body: bytes, headers: Mapping[str, str], *, now: datetime) -> Notice:
        """Verify a webhook call and read it. Raises NoticeRefused."""
