"""What the simulator does: payment intents and refunds, and the events that tell of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from apps.business.payments.providers.simulator.cards import CARDS, Card
from apps.business.payments.providers.simulator.store import Session

Thing = dict[str, Any]
_AUTHORISED = "payment_intent.amount_capturable_updated"
_MESSAGES = {"insufficient_funds": "Your card has insufficient funds.", "generic_decline": "Your card was declined."}


class Problem(Exception):
    """An error as Stripe puts it."""

    def __init__(self, status: int, kind: str, code: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status, self._error = status, {"type": kind, "code": code, "message": message, **more}

    def body(self) -> Thing:
        return {"error": self._error}


@dataclass(frozen=True, slots=True)
class Books:
    """One account, in one transaction."""

    session: Session
    account: str
    now: float
    late_s: float

    def found(self, id_: str) -> Thing:
        thing = self.session.thing(self.account, id_)
        if thing is None:
            raise Problem(404, "invalid_request_error", "resource_missing", f"No such object: '{id_}'")
        return thing

    def kept(self, thing: Thing, *events: str, card: Card, late: bool = False) -> Thing:
        """Write it down, and owe the webhook calls that tell of it as it is now."""
        self.session.keep(self.account, thing)
        for event_type in events:
            event = self._event(event_type, thing)
            for _ in range(card.notices):
                self.session.owe_notice(self.account, event, due=self.now + (self.late_s if late else 0))
        return thing

    def _event(self, event_type: str, thing: Thing) -> Thing:
        return {
            "id": f"evt_simulated_{uuid4().hex}",
            "object": "event",
            "type": event_type,
            "created": int(self.now),
            "data": {"object": thing},
        }


def create(books: Books, form: dict[str, str]) -> Thing:
    """Make an intent and confirm it."""
    card = CARDS.get(form.get("payment_method", ""))
    if card is None:
        message = f"No such PaymentMethod: '{form.get('payment_method', '')}'"
        raise Problem(400, "invalid_request_error", "resource_missing", message, param="payment_method")
    intent = _new_intent(form, amount_of(form, "amount"), int(books.now))
    if card.decline_code:
        _decline(books, intent, card)
    if card.is_late:
        books.kept({**intent, "status": "requires_capture"}, _AUTHORISED, card=card, late=True)
        return {**intent, "status": "processing"}
    intent["status"] = "requires_capture"
    return books.kept(intent, _AUTHORISED, card=card)


def look(books: Books, _form: dict[str, str], *, id_: str) -> Thing:
    """As it is now."""
    return books.found(id_)


def capture(books: Books, form: dict[str, str], *, id_: str) -> Thing:
    """Take so much; what is left is released."""
    intent = _in_state(books, id_, "requires_capture")
    amount = amount_of(form, "amount_to_capture", default=intent["amount"])
    if amount > intent["amount"]:
        raise Problem(400, "invalid_request_error", "amount_too_large", "The amount is more than was authorized.")
    fee = min(amount, amount * 14 // 1000 + 20)
    charge = {"id": f"ch_simulated_{uuid4().hex}", "object": "charge", "balance_transaction": {"fee": fee}}
    done = {**intent, "status": "succeeded", "amount_received": amount, "amount_capturable": 0, "latest_charge": charge}
    return books.kept(done, "payment_intent.succeeded", card=_card(intent))


def cancel(books: Books, _form: dict[str, str], *, id_: str) -> Thing:
    """Release what was reserved."""
    intent = _in_state(books, id_, "requires_capture", "requires_payment_method")
    return books.kept(
        {**intent, "status": "canceled", "amount_capturable": 0}, "payment_intent.canceled", card=_card(intent)
    )


def refund(books: Books, form: dict[str, str]) -> Thing:
    """Give some of what was taken back."""
    intent = _in_state(books, form.get("payment_intent", ""), "succeeded")
    amount, back = amount_of(form, "amount", default=intent["amount_received"]), intent.get("refunded", 0)
    if back + amount > intent["amount_received"]:
        raise Problem(
            400, "invalid_request_error", "charge_already_refunded", "More than was captured would be refunded."
        )
    card = _card(intent)
    books.kept({**intent, "refunded": back + amount}, card=card)
    given = {
        "id": f"re_simulated_{uuid4().hex}",
        "object": "refund",
        "status": "succeeded",
        "amount": amount,
        "currency": intent["currency"],
        "payment_intent": intent["id"],
        "metadata": metadata_of(form),
    }
    books.kept(given, "refund.created", card=card)
    if card.refund_fails:
        books.kept({**intent, "refunded": back}, card=card)
        failed = {**given, "status": "failed", "failure_reason": "lost_or_stolen_card"}
        books.kept(failed, "refund.failed", card=card, late=True)
    return given


def _new_intent(form: dict[str, str], amount: int, now: int) -> Thing:
    return {
        "id": f"pi_simulated_{uuid4().hex}",
        "object": "payment_intent",
        "amount": amount,
        "amount_capturable": amount,
        "amount_received": 0,
        "created": now,
        "currency": form.get("currency", ""),
        "capture_method": form.get("capture_method", "automatic"),
        "payment_method": form["payment_method"],
        "metadata": metadata_of(form),
        "last_payment_error": None,
    }


def _decline(books: Books, intent: Thing, card: Card) -> None:
    message = _MESSAGES[card.decline_code]
    error = {"type": "card_error", "code": "card_declined", "decline_code": card.decline_code, "message": message}
    declined = {**intent, "status": "requires_payment_method", "amount_capturable": 0, "last_payment_error": error}
    books.kept(declined, "payment_intent.payment_failed", card=card)
    raise Problem(402, "card_error", "card_declined", message, decline_code=card.decline_code, payment_intent=declined)


def _in_state(books: Books, id_: str, *states: str) -> Thing:
    intent = books.found(id_)
    if intent["status"] not in states:
        message = f"This PaymentIntent could not be changed because it has a status of {intent['status']}."
        code = "payment_intent_unexpected_state"
        raise Problem(400, "invalid_request_error", code, message, payment_intent=intent)
    return intent


def _card(intent: Thing) -> Card:
    return CARDS[intent["payment_method"]]


def metadata_of(form: dict[str, str], prefix: str = "metadata[") -> dict[str, str]:
    """What a form names below `prefix`."""
    named = ((name, value) for name, value in form.items() if name.startswith(prefix) and name.endswith("]"))
    return {name[len(prefix) : -1]: value for name, value in named}


def amount_of(form: dict[str, str], name: str, *, default: int = 0) -> int:
    """Raises Problem for what is no amount."""
    text = form.get(name, str(default))
    if not text.isascii() or not text.isdigit() or int(text) <= 0:
        raise Problem(400, "invalid_request_error", "parameter_invalid_integer", f"Invalid integer: {name}", param=name)
    return int(text)
