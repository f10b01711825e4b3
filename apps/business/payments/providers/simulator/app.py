"""The simulator's API, as a WSGI application."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from apps.business.payments.providers.simulator import intents, pages
from apps.business.payments.providers.simulator.cards import CARDS, Card
from apps.business.payments.providers.simulator.intents import Problem
from apps.business.payments.providers.simulator.store import Session, Store

_ROUTES: tuple[tuple[str, str, Callable[..., dict[str, Any]]], ...] = (
    ("POST", r"/v1/payment_intents", intents.create),
    ("GET", r"/v1/payment_intents/(?P<id_>\w+)", intents.look),
    ("POST", r"/v1/payment_intents/(?P<id_>\w+)/capture", intents.capture),
    ("POST", r"/v1/payment_intents/(?P<id_>\w+)/cancel", intents.cancel),
    ("POST", r"/v1/checkout/sessions", pages.begin),
    ("GET", r"/v1/checkout/sessions/(?P<id_>\w+)", pages.look),
    ("POST", r"/v1/checkout/sessions/(?P<id_>\w+)/expire", pages.expire),
    ("POST", r"/v1/refunds", intents.refund),
    ("GET", r"/v1/refunds/(?P<id_>\w+)", intents.look),
)
_NOT_FOUND = Problem(404, "invalid_request_error", "resource_missing", "Unrecognized request URL")
_NO_KEY = Problem(401, "invalid_request_error", "", "You did not provide an API key.")
_OTHER_REQUEST = Problem(
    400, "idempotency_error", "", "Keys for idempotent requests can only be used with the same parameters."
)


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    path: str
    form: dict[str, str]
    account: str
    key: str

    @property
    def asked(self) -> str:
        """Tells one question from another that comes with the same key."""
        return json.dumps([self.path, self.form], sort_keys=True)


class SimulatedStripe:
    """Call it as any WSGI application. Whoever presents another key has another account."""

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.time, late_s: float = 5.0) -> None:
        self.store, self._clock, self._late_s = Store(path), clock, late_s

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Raises ConnectionError where the answer gets lost."""
        try:
            status, body = self._answered(_request(environ))
        except Problem as problem:
            status, body = problem.status, json.dumps(problem.body())
        start_response(
            f"{status} -", [("Content-Type", "application/json"), ("Content-Length", str(len(body.encode())))]
        )
        return [body.encode()]

    def hand_over(self, hand: Callable[[str, bytes], None]) -> int:
        """Make the webhook calls that are due now, by `hand(account, body)`; returns how many."""
        return self.store.hand_over(hand, now=self._clock())

    def page(self, account: str, id_: str) -> dict[str, Any]:
        """A page where somebody pays. Raises Problem where there is none."""
        with self.store.session() as session:
            return pages.look(self._books(session, account), {}, id_=id_)

    def pay(self, account: str, id_: str, *, card: str) -> dict[str, Any]:
        """What the buyer does there. Raises Problem where the card is declined."""
        with self.store.session() as session:
            try:
                return pages.pay(self._books(session, account), id_=id_, card=card)
            except Problem as problem:
                declined = problem  # which is written down
        raise declined

    def _books(self, session: Session, account: str) -> intents.Books:
        return intents.Books(session, account, now=self._clock(), late_s=self._late_s)

    def _answered(self, request: _Request) -> tuple[int, str]:
        if request.method == "GET":
            with self.store.session() as session:
                return self._done(session, request)
        with self.store.session() as session:
            status, body = self._remembered(session, request) or self._done_once(session, request)
            lost = self._is_lost(session, request, json.loads(body))
        if lost:
            raise ConnectionResetError("the answer got lost")
        return status, body

    def _remembered(self, session: Session, request: _Request) -> tuple[int, str] | None:
        known = session.answer(request.account, request.key) if request.key else None
        if known is None:
            return None
        asked, status, body, _ = known
        if asked != request.asked:
            raise _OTHER_REQUEST
        return status, body

    def _done_once(self, session: Session, request: _Request) -> tuple[int, str]:
        status, body = self._done(session, request)
        if request.key:
            session.keep_answer(request.account, request.key, request.asked, status, body)
        return status, body

    def _done(self, session: Session, request: _Request) -> tuple[int, str]:
        books = self._books(session, request.account)
        for method, pattern, view in _ROUTES:
            found = re.fullmatch(pattern, request.path)
            if found and method == request.method:
                try:
                    return 200, json.dumps(view(books, request.form, **found.groupdict()))
                except Problem as problem:
                    return problem.status, json.dumps(problem.body())
        raise _NOT_FOUND

    def _is_lost(self, session: Session, request: _Request, answer: dict[str, Any]) -> bool:
        known = session.answer(request.account, request.key) if request.key else None
        if known is None or known[3] >= _card_of(session, request.account, answer).loses:
            return False
        session.lose_answer(request.account, request.key)
        return True


def _card_of(session: Session, account: str, answer: dict[str, Any]) -> Card:
    """The card that an answer is about."""
    intent = answer.get("payment_intent") or (answer.get("error") or {}).get("payment_intent") or answer
    whole = session.thing(account, intent) if isinstance(intent, str) else intent
    return CARDS.get((whole or {}).get("payment_method", ""), Card(label=""))


def _request(environ: dict[str, Any]) -> _Request:
    scheme, _, secret = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme != "Bearer" or not secret:
        raise _NO_KEY
    content = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    form = dict(parse_qsl(content.decode("utf-8", "replace"), keep_blank_values=True))
    key = environ.get("HTTP_IDEMPOTENCY_KEY", "")
    return _Request(environ["REQUEST_METHOD"], environ["PATH_INFO"], form, secret, key)
