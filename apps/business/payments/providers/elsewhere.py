"""For money that was taken elsewhere: what this platform is told of it is written down, and nobody is asked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from apps.business.payments.errors import NoticeRefused
from apps.business.payments.providers.port import Ask, Errand, Notice, Page, PaymentNews, RefundNews, Refused


class NobodyAsked:
    """Such a payment begins as captured. Whoever gives some of it back does so elsewhere, and it counts at once."""

    def authorise(self, ask: Ask) -> PaymentNews:
        raise _TAKEN

    def page(self, ask: Ask, errand: Errand) -> Page:
        raise _TAKEN

    def close_page(self, ask: Ask) -> PaymentNews:
        raise _TAKEN

    def capture(self, ask: Ask) -> PaymentNews:
        raise _TAKEN

    def void(self, ask: Ask) -> PaymentNews:
        raise _TAKEN

    def refund(self, ask: Ask) -> RefundNews:
        return RefundNews(
            key=ask.key, payment_id=ask.payment_id, reference="", state="refunded", amount_minor=ask.amount_minor
        )

    def read_notice(self, body: bytes, headers: Mapping[str, str], *, now: datetime) -> Notice:
        raise NoticeRefused


_TAKEN = Refused("taken_elsewhere", "this money was taken elsewhere")
