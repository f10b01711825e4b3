"""The adapter over a real connection, against the simulator; and what it makes of every kind of answer."""

import json
import threading
from urllib.parse import parse_qsl
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest

from apps.business.payments.errors import NoticeRefused
from apps.business.payments.providers import signing
from apps.business.payments.providers.port import PAGE, Ask, Errand, NoAnswer, Page, Refused
from apps.business.payments.providers.simulator import SimulatedStripe, cards
from apps.business.payments.providers.stripe import API_VERSION, StripeProvider, payment_news, session_news
from apps.business.payments.providers.transport import OverHttp
from apps.business.payments.tests.conftest import NOON
from apps.core.remote.outbound import FAILURES
from apps.core.resilience import Dependency, Policy


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        """Nothing."""


@pytest.fixture
def served():
    """`served(app)`: its address on this machine."""
    servers = []

    def serve(app):
        server = make_server("127.0.0.1", 0, app, handler_class=_Quiet)
        server.RequestHandlerClass.server_version = "test"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def within(seconds):
    """A provider that never failed before, and is waited for so long."""
    return Dependency("stripe", "Stripe", Policy(timeout=seconds, slow_s=seconds, wait_s=0.0, failures=FAILURES))


@pytest.fixture
def stripe(served, tmp_path):
    app = SimulatedStripe(tmp_path / "stripe.sqlite3", clock=NOON.timestamp)
    return StripeProvider(OverHttp(served(app), through=within(10)), key="sk_test", webhook_secret="whsec")


@pytest.fixture
def answering(served):
    """`answering(402, {...})`: the adapter at a server that always answers so; what was asked is in `asked`."""
    asked = []

    def make(status, body, timeout_s=10):
        def app(environ, start_response):
            length = int(environ.get("CONTENT_LENGTH") or 0)
            asked.append((environ, environ["wsgi.input"].read(length).decode()))
            start_response(f"{status} x", [("Content-Type", "application/json")])
            return [body if isinstance(body, bytes) else json.dumps(body).encode()]

        made = StripeProvider(OverHttp(served(app), through=within(timeout_s)), key="sk", webhook_secret="s")
        made.asked = asked
        return made

    return make


def ask(**changes):
    known = {"key": "k1", "payment_id": "p", "order_id": "o", "method": cards.GOOD, "currency": "GBP"}
    return Ask(**{**known, "amount_minor": 1000, **changes})


def intent(status="requires_capture", **more):
    return {"id": "pi_1", "status": status, "currency": "gbp", "metadata": {"payment_id": "p"}, **more}


class TestPage:
    def test_is_asked_for_with_manual_capture_and_known_again_by_its_payment(self, answering):
        stripe = answering(
            200, {"id": "cs_1", "status": "open", "url": "https://checkout.example/cs_1", "currency": "gbp"}
        )
        errand = Errand(
            title="Order 7", paid_url="https://a.example/paid", cancelled_url="https://a.example/", until=NOON
        )

        page = stripe.page(ask(method=PAGE), errand)
        waiting = stripe.authorise(ask(method=PAGE, operation_reference="cs_1"))

        (environ, form), _ = stripe.asked
        sent = dict(parse_qsl(form))
        assert page == Page("cs_1", "https://checkout.example/cs_1")
        assert (environ["PATH_INFO"], environ["HTTP_IDEMPOTENCY_KEY"]) == ("/v1/checkout/sessions", "k1")
        assert sent["payment_intent_data[capture_method]"] == "manual"
        assert sent["payment_intent_data[metadata][payment_id]"] == "p"
        assert sent["line_items[0][price_data][unit_amount]"] == "1000"
        assert (waiting.state, waiting.reference) == ("pending", "")

    def test_tells_of_its_intent_once_it_is_complete_and_of_nothing_while_a_card_is_declined(self):
        complete = {"status": "complete", "currency": "gbp", "payment_intent": intent(currency="gbp")}
        declined = intent("requires_payment_method", currency="gbp", metadata={"payment_id": "p", PAGE: "yes"})

        assert session_news(complete).state == "authorised"
        assert payment_news(declined).state == "pending"
        with pytest.raises(NoAnswer):
            session_news({"status": "complete", "payment_intent": "pi_1"})


class TestAPaymentsWholeLife:
    def test_goes_over_the_network(self, stripe):
        authorised = stripe.authorise(ask())
        captured = stripe.capture(ask(key="k2", reference=authorised.reference, amount_minor=700))
        refunded = stripe.refund(ask(key="k3", reference=authorised.reference, amount_minor=300))

        assert (authorised.state, authorised.payment_id, authorised.currency) == ("authorised", "p", "GBP")
        assert (captured.state, captured.amount_minor, captured.fee_minor) == ("captured", 700, 29)
        assert (refunded.state, refunded.amount_minor, refunded.key) == ("refunded", 300, "k3")

    def test_asked_twice_with_one_key_is_done_once(self, stripe):
        first, again, other = stripe.authorise(ask()), stripe.authorise(ask()), stripe.authorise(ask(key="k2"))

        assert first == again
        assert other.reference != first.reference
        with pytest.raises(Refused, match="same parameters"):
            stripe.authorise(ask(amount_minor=1))

    def test_tells_a_decline_as_an_answer(self, stripe):
        declined = stripe.authorise(ask(method=cards.NO_FUNDS))

        assert (declined.state, declined.code) == ("declined", "insufficient_funds")
        assert declined.message == "Your card has insufficient funds."

    def test_does_not_know_what_became_of_a_lost_answer_until_it_asks_again(self, stripe):
        with pytest.raises(NoAnswer):
            stripe.authorise(ask(method=cards.TIMEOUT))

        assert stripe.authorise(ask(method=cards.TIMEOUT)).state == "authorised"

    def test_tells_how_it_is_where_it_is_not_as_was_thought(self, stripe):
        reference = stripe.authorise(ask()).reference
        stripe.capture(ask(key="k2", reference=reference))

        assert stripe.void(ask(key="k3", reference=reference)).state == "captured"
        assert stripe.capture(ask(key="k4", reference=reference)).amount_minor == 1000

    def test_looks_up_what_was_not_decided(self, stripe):
        late = stripe.authorise(ask(method=cards.LATE))

        assert late.state == "pending"
        assert stripe.authorise(ask(method=cards.LATE, reference=late.reference)).state == "authorised"

    def test_refuses_to_give_back_more_than_was_taken(self, stripe):
        reference = stripe.authorise(ask()).reference
        stripe.capture(ask(key="k2", reference=reference))

        with pytest.raises(Refused, match="charge_already_refunded"):
            stripe.refund(ask(key="k3", reference=reference, amount_minor=1001))


class TestAnAnswer:
    def test_is_asked_for_as_stripe_wants_it(self, answering):
        stripe = answering(200, intent())

        stripe.authorise(ask())

        ((environ, form),) = stripe.asked
        assert environ["HTTP_AUTHORIZATION"] == "Bearer sk"
        assert environ["HTTP_IDEMPOTENCY_KEY"] == "k1"
        assert environ["HTTP_STRIPE_VERSION"] == API_VERSION
        assert "capture_method=manual" in form
        assert "metadata%5Bpayment_id%5D=p" in form

    @pytest.mark.parametrize(
        ("status", "body"),
        [
            (500, {"error": {"type": "api_error"}}),
            (503, b"<html>"),
            (429, {"error": {"code": "rate_limit"}}),
            (409, {"error": {"code": "idempotency_key_in_use"}}),
            (401, {"error": {"type": "invalid_request_error"}}),
            (200, b"no json"),
            (200, []),
            (200, {"object": "something else"}),
            (302, b""),
            (200, b"x" * 2 * 1024 * 1024),
        ],
    )
    def test_that_says_nothing_means_to_ask_again(self, answering, status, body):
        with pytest.raises(NoAnswer):
            answering(status, body).authorise(ask())

    @pytest.mark.parametrize(
        ("error", "code"),
        [
            ({"type": "invalid_request_error", "code": "resource_missing"}, "resource_missing"),
            ({"type": "idempotency_error"}, "idempotency_error"),
            ({"type": "card_error", "code": "card_declined", "decline_code": "fraudulent"}, "fraudulent"),
            (
                {"type": "invalid_request_error", "code": "busy", "payment_intent": intent("processing")},
                "busy",
            ),
        ],
    )
    def test_that_refuses_says_why(self, answering, error, code):
        with pytest.raises(Refused) as refused:
            answering(400, {"error": error}).capture(ask(reference="pi_1"))

        assert refused.value.code == code

    def test_that_never_comes_is_none(self):
        nobody = StripeProvider(OverHttp("http://127.0.0.1:1", through=within(1)), key="k", webhook_secret="s")

        with pytest.raises(NoAnswer):
            nobody.authorise(ask())


class TestASignature:
    BODY = b'{"id": "evt_1"}'

    def test_of_any_secret_that_is_good_will_do(self):
        old = signing.signature("old", self.BODY, at=NOON)
        new = signing.signature("new", self.BODY, at=NOON).partition(",")[2]

        signing.verify(f"{old},{new}", "new", self.BODY, now=NOON)

    def test_is_what_stripe_would_make(self):
        """HMAC-SHA-256 of `1796040000.{"id": "evt_1"}`, computed by `openssl dgst -sha256 -hmac whsec_test`."""
        digest = "663aeb0c0bd7f0af7016cb32fe5fb9d9424056b455b05a68e959c841f70d71b9"

        signing.verify(f"t=1796040000,v1={digest}", "whsec_test", self.BODY, now=NOON)

    def test_of_another_body_or_of_nobody_is_refused(self):
        good = signing.signature("s", self.BODY, at=NOON)

        for header, secret, body in ((good, "s", b"{}"), (good, "other", self.BODY), (good, "", self.BODY)):
            with pytest.raises(NoticeRefused):
                signing.verify(header, secret, body, now=NOON)
