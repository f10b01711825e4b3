"""Stripe, and whatever speaks its protocol: PaymentIntents with manual capture, refunds, signed webhooks.

An intent is made and confirmed in one call under an `Idempotency-Key`; Stripe answers a repeated key alike for 24
hours, so `PAYMENT_ASK_FOR_S` must be less. Source: docs.stripe.com/api, "PaymentIntents", "Refunds", "Errors",
"Idempotent requests", "Checkout Sessions".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import quote

from apps.business.payments.errors import NoticeRefused
from apps.business.payments.providers import signing
from apps.business.payments.providers.port import (
    PAGE,
    PAGE_EXPIRED,
    Ask,
    Errand,
    News,
    NoAnswer,
    Notice,
    Page,
    PaymentNews,
    PaymentState,
    PayoutNews,
    RefundNews,
    RefundState,
    Refused,
)
from apps.business.payments.providers.transport import Transport

API_VERSION = "2024-06-20"
_INTENTS, _REFUNDS, _SESSIONS = "/v1/payment_intents", "/v1/refunds", "/v1/checkout/sessions"
_FEE = "latest_charge.balance_transaction"
# Somebody else asks with the same key at this moment; too many questions; their fault, not ours.
_LATER = (409, 425, 429)
_PAYMENT_STATES: dict[str, PaymentState] = {
    "requires_payment_method": "declined",
    "requires_confirmation": "pending",
    "requires_action": "pending",
    "processing": "pending",
    "requires_capture": "authorised",
    "succeeded": "captured",
    "canceled": "voided",
}
_REFUND_STATES: dict[str, RefundState] = {"succeeded": "refunded", "failed": "failed", "canceled": "failed"}


class StripeProvider:
    """A `Provider` that asks an account of Stripe's."""

    def __init__(self, transport: Transport, *, key: str, webhook_secret: str) -> None:
        self._transport, self._key, self._webhook_secret = transport, key, webhook_secret

    def authorise(self, ask: Ask) -> PaymentNews:
        if ask.method == PAGE:
            return self._paid_on_page(ask)
        if ask.reference:
            return payment_news(self._get(f"{_INTENTS}/{quote(ask.reference)}?expand[]={_FEE}"))
        form = {
            "amount": str(ask.amount_minor),
            "currency": ask.currency.lower(),
            "capture_method": "manual",
            "confirm": "true",
            "error_on_requires_action": "true",  # nobody sits in front of it who could answer their bank
            "payment_method": ask.method,
            "payment_method_types[]": "card",
            "metadata[payment_id]": ask.payment_id,
            "metadata[order_id]": ask.order_id,
        }
        return self._intent(_INTENTS, form, ask)

    def page(self, ask: Ask, errand: Errand) -> Page:
        if ask.operation_reference:
            return _page(self._get(f"{_SESSIONS}/{quote(ask.operation_reference)}"))
        price, intent = "line_items[0][price_data]", "payment_intent_data"
        form = {
            "mode": "payment",
            "payment_method_types[]": "card",
            "line_items[0][quantity]": "1",
            f"{price}[currency]": ask.currency.lower(),
            f"{price}[unit_amount]": str(ask.amount_minor),
            f"{price}[product_data][name]": errand.title,
            f"{intent}[capture_method]": "manual",
            f"{intent}[metadata][payment_id]": ask.payment_id,
            f"{intent}[metadata][order_id]": ask.order_id,
            f"{intent}[metadata][{PAGE}]": "yes",
            "metadata[payment_id]": ask.payment_id,
            "expires_at": str(int(errand.until.timestamp())),
            "success_url": errand.paid_url,
            "cancel_url": errand.cancelled_url,
        }
        return _page(self._post(_SESSIONS, form, ask.key))

    def close_page(self, ask: Ask) -> PaymentNews:
        with suppress(Refused):  # it is over: somebody paid, or time ran out
            self._post(f"{_SESSIONS}/{quote(ask.operation_reference)}/expire", {}, f"{ask.key} close")
        return self._paid_on_page(ask)

    def _paid_on_page(self, ask: Ask) -> PaymentNews:
        """Nobody can have paid on a page to which nobody was sent."""
        if not ask.operation_reference:
            return PaymentNews(payment_id=ask.payment_id, reference="", state="pending", currency=ask.currency)
        path = f"{_SESSIONS}/{quote(ask.operation_reference)}?expand[]=payment_intent.{_FEE}"
        return session_news(self._get(path))

    def capture(self, ask: Ask) -> PaymentNews:
        form = {"amount_to_capture": str(ask.amount_minor), "expand[]": _FEE}
        return self._intent(f"{_INTENTS}/{quote(ask.reference)}/capture", form, ask)

    def void(self, ask: Ask) -> PaymentNews:
        return self._intent(f"{_INTENTS}/{quote(ask.reference)}/cancel", {}, ask)

    def refund(self, ask: Ask) -> RefundNews:
        if ask.operation_reference:
            return refund_news(self._get(f"{_REFUNDS}/{quote(ask.operation_reference)}"))
        form = {
            "payment_intent": ask.reference,
            "amount": str(ask.amount_minor),
            "metadata[payment_id]": ask.payment_id,
            "metadata[operation_id]": ask.key,
        }
        return refund_news(self._post(_REFUNDS, form, ask.key))

    def read_notice(self, body: bytes, headers: Mapping[str, str], *, now: datetime) -> Notice:
        signing.verify(headers.get(signing.HEADER, ""), self._webhook_secret, body, now=now)
        try:
            event = json.loads(body)
            return Notice(str(event["id"]), str(event["type"]), _news_of(event["type"], event["data"]["object"]))
        except (NoAnswer, ValueError, KeyError, TypeError, AttributeError) as error:
            raise NoticeRefused("the notice is not well formed") from error

    def _intent(self, path: str, form: Mapping[str, str], ask: Ask) -> PaymentNews:
        """An intent that is not as we thought comes with the error: its state is an answer, a decline too."""
        try:
            return payment_news(self._post(path, form, ask.key))
        except _ErrorOfIntent as error:
            news = payment_news(error.intent, error)
            if news.state == "pending":
                raise
            return news

    def _post(self, path: str, form: Mapping[str, str], key: str) -> Any:
        return self._answer(path, form, {"Idempotency-Key": key})

    def _get(self, path: str) -> Any:
        return self._answer(path, None, {})

    def _answer(self, path: str, form: Mapping[str, str] | None, headers: Mapping[str, str]) -> Any:
        sent = {"Authorization": f"Bearer {self._key}", "Stripe-Version": API_VERSION, **headers}
        status, body = self._transport(path, form, sent)
        try:
            answer = json.loads(body)
        except ValueError as error:
            raise NoAnswer(f"{status} without JSON") from error
        if status == 200 and isinstance(answer, dict):
            return answer
        raise _failure(status, answer)


class _ErrorOfIntent(Refused):
    """Refused, with the intent as it is."""

    def __init__(self, code: str, message: str, intent: Any) -> None:
        super().__init__(code, message)
        self.intent = intent


def payment_news(intent: Any, error: Refused | None = None) -> PaymentNews:
    """What an intent tells. Raises NoAnswer for what is none.

    On a page the buyer may try another card, so that a declined one is none of ours to know.
    """
    try:
        if (intent.get("metadata") or {}).get(PAGE) and intent["status"] == "requires_payment_method":
            return _undecided(intent)
        failure = intent.get("last_payment_error") or {}
        return PaymentNews(
            payment_id=str((intent.get("metadata") or {}).get("payment_id", "")),
            reference=str(intent["id"]),
            state=_PAYMENT_STATES.get(intent["status"], "pending"),
            currency=str(intent["currency"]).upper(),
            amount_minor=int(intent.get("amount_received") or 0),
            fee_minor=_fee_of(intent.get("latest_charge")),
            code=error.code if error else _code_of(failure),
            message=error.message if error else str(failure.get("message") or ""),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as fault:
        raise NoAnswer("what was answered is no payment intent") from fault


def session_news(session: Any) -> PaymentNews:
    """What a page tells of its payment. Raises NoAnswer for what is none."""
    try:
        if session["status"] == "complete":
            return payment_news(session["payment_intent"])
        news = _undecided(session)
        if session["status"] == "expired":
            return replace(news, state="declined", code=PAGE_EXPIRED, message="Nobody paid on the provider's page.")
        return news
    except (KeyError, TypeError, AttributeError) as fault:
        raise NoAnswer("what was answered is no checkout session") from fault


def _undecided(thing: Any) -> PaymentNews:
    payment_id = str((thing.get("metadata") or {}).get("payment_id", ""))
    return PaymentNews(payment_id=payment_id, reference="", state="pending", currency=str(thing["currency"]).upper())


def _page(session: Any) -> Page:
    try:
        return Page(str(session["id"]), str(session.get("url") or "") if session["status"] == "open" else "")
    except KeyError as fault:
        raise NoAnswer("what was answered is no checkout session") from fault


def refund_news(refund: Any) -> RefundNews:
    """What a refund tells. Raises NoAnswer for what is none."""
    try:
        metadata = refund.get("metadata") or {}
        return RefundNews(
            key=str(metadata.get("operation_id", "")),
            payment_id=str(metadata.get("payment_id", "")),
            reference=str(refund["id"]),
            state=_REFUND_STATES.get(refund["status"], "pending"),
            amount_minor=int(refund["amount"]),
            code=str(refund.get("failure_reason") or ""),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as fault:
        raise NoAnswer("what was answered is no refund") from fault


def _news_of(event_type: str, thing: Any) -> News | None:
    if event_type.startswith("payment_intent."):
        return payment_news(thing)
    if event_type.startswith(("refund.", "charge.refund.")):
        return refund_news(thing)
    if event_type == "checkout.session.expired":
        return session_news(thing)
    if event_type == "payout.paid":
        return PayoutNews(
            reference=str(thing["id"]), amount_minor=int(thing["amount"]), currency=str(thing["currency"]).upper()
        )
    return None


def _failure(status: int, answer: Any) -> Exception:
    error = answer.get("error") if isinstance(answer, dict) else None
    if status >= 500 or status in _LATER or not isinstance(error, dict):
        return NoAnswer(f"{status}: {_message_of(error)}")
    if status == 401:
        return NoAnswer(f"the key is not valid: {_message_of(error)}")  # a person can put that right
    if isinstance(error.get("payment_intent"), dict):
        return _ErrorOfIntent(_code_of(error), _message_of(error), error["payment_intent"])
    return Refused(_code_of(error), _message_of(error))


def _code_of(error: Mapping[str, Any]) -> str:
    return str(error.get("decline_code") or error.get("code") or error.get("type") or "")


def _message_of(error: Any) -> str:
    return str(error.get("message") or "")[:500] if isinstance(error, dict) else ""


def _fee_of(charge: Any) -> int:
    transaction = charge.get("balance_transaction") if isinstance(charge, dict) else None
    return int(transaction.get("fee") or 0) if isinstance(transaction, dict) else 0
