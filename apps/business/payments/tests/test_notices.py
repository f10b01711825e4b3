"""What a provider calls us with: verified, taken once, in any order."""

import json
from datetime import timedelta
from itertools import permutations
from uuid import uuid4

import pytest
from django.utils import timezone

from apps.business.payments import queries
from apps.business.payments.providers import registry, signing
from apps.business.payments.providers.simulator import cards
from apps.core.tenancy import tenant

pytestmark = pytest.mark.django_db


@pytest.fixture
def call(client, tenant_id):
    """Call as the provider would; status and whether it was taken."""

    def called(event, *, at=None, secret=None, to=None, body=None, provider="simulator"):
        content = body if body is not None else json.dumps(event).encode()
        signature = signing.signature(secret or registry.simulator_secret(), content, at=at or timezone.now())
        answer = client.post(
            f"/api/v1/payment-notices/{provider}/{to or tenant_id}",
            content,
            content_type="application/json",
            headers={"Stripe-Signature": signature},
        )
        return answer.status_code, answer.json().get("data", {}).get("taken", answer.json().get("code"))

    return called


@pytest.fixture
def payment(till, tenant_id):
    with tenant(tenant_id):
        return till.authorised()


def event_of(payment, status, event_type="payment_intent.updated", **more):
    intent = {
        "id": payment.reference,
        "status": status,
        "currency": "gbp",
        "metadata": {"payment_id": str(payment.id)},
        **more,
    }
    return {"id": f"evt_{uuid4().hex}", "type": event_type, "data": {"object": intent}}


def now(payment, tenant_id):
    with tenant(tenant_id):
        return queries.payment(payment.id)


class TestACall:
    def test_takes_effect_once_however_often_it_is_made(self, call, payment, tenant_id, published):
        event = event_of(payment, "succeeded", amount_received=1000)

        assert [call(event), call(event)] == [(200, True), (200, False)]
        assert now(payment, tenant_id).captured_minor == 1000
        assert len(published) == 1

    def test_that_is_overtaken_changes_nothing(self, call, payment, tenant_id):
        call(event_of(payment, "succeeded", amount_received=1000))

        call(event_of(payment, "requires_capture"))
        call(event_of(payment, "canceled"))
        call(event_of(payment, "requires_payment_method"))

        assert now(payment, tenant_id).status == "captured"

    def test_before_the_answer_is_the_answer(self, call, till, tenant_id, published):
        with tenant(tenant_id):
            payment = till.authorise()
        event = event_of(payment, "succeeded", amount_received=400)
        event["data"]["object"]["id"] = "pi_1"

        assert call(event) == (200, True)

        assert (now(payment, tenant_id).status, now(payment, tenant_id).reference) == ("captured", "pi_1")
        assert [type(one).__name__ for one in published] == ["PaymentStarted", "PaymentAuthorised", "PaymentCaptured"]

    def test_tells_a_fee_that_became_known_later(self, call, payment, till, tenant_id):
        call(event_of(payment, "succeeded", amount_received=1000))
        charge = {"balance_transaction": {"fee": 34}}

        call(event_of(payment, "succeeded", amount_received=1000, latest_charge=charge))
        call(event_of(payment, "succeeded", amount_received=1000, latest_charge=charge))

        with tenant(tenant_id):
            assert till.balances()["fees"] == 34

    def test_tells_a_payout(self, call, till, tenant_id):
        event = {
            "id": "evt_1",
            "type": "payout.paid",
            "data": {"object": {"id": "po_1", "amount": 7, "currency": "gbp"}},
        }

        assert [call(event), call({**event, "id": "evt_2"})] == [(200, True), (200, True)]
        with tenant(tenant_id):
            assert till.balances() == {"provider": -7, "bank": 7}

    def test_about_something_else_is_taken_note_of_and_no_more(self, call, payment):
        assert call({"id": "evt_1", "type": "customer.created", "data": {"object": {}}}) == (200, False)

    def test_is_refused_unless_the_provider_signed_it_just_now(self, call, payment, tenant_id, other_tenant_id):
        event = event_of(payment, "succeeded", amount_received=1000)
        refused = (422, "payment_notice_refused")

        assert call(event, secret="whsec_guessed") == refused
        assert call(event, at=timezone.now() - timedelta(minutes=6)) == refused
        assert call(event, at=timezone.now() + timedelta(minutes=6)) == refused
        assert call(event, provider="stripe") == refused
        assert call(event, provider="nobody") == refused
        assert call(None, body=b"no json") == refused
        assert call({"id": "evt_1", "type": "payment_intent.succeeded"}) == refused
        assert now(payment, tenant_id).status == "authorised"

    def test_reaches_no_payment_of_another_company(self, call, payment, tenant_id, other_tenant_id):
        event = event_of(payment, "succeeded", amount_received=1000)

        assert call(event, to=other_tenant_id) == (200, False)
        assert now(payment, tenant_id).status == "authorised"

    @pytest.mark.parametrize("header", ["", "t=1", "t=x,v1=y", "v1=abc", "t=1,t=2,v1=abc", "t=99999999999999,v1=é"])
    def test_with_a_header_that_is_none_is_refused(self, client, tenant_id, header):
        answer = client.post(
            f"/api/v1/payment-notices/simulator/{tenant_id}",
            b"{}",
            content_type="application/json",
            headers={"Stripe-Signature": header},
        )

        assert answer.status_code == 422


class TestACaller:
    def test_needs_no_token_and_a_wrong_one_does_not_matter(self, client, tenant_id):
        answer = client.post(
            f"/api/v1/payment-notices/simulator/{tenant_id}",
            b"{}",
            content_type="application/json",
            headers={"Authorization": "Bearer of.bad.news"},
        )

        assert (answer.status_code, answer.json()["code"]) == (422, "payment_notice_refused")


class TestOrder:
    def test_does_not_matter(self, call, till, tenant_id):
        """Every call of a payment's whole life, in every order, ends alike."""
        ends = set()
        for order in permutations(["requires_capture", "succeeded", "processing"]):
            with tenant(tenant_id):
                payment = till.authorise(method=cards.SILENT)
            for status in order:
                event = event_of(payment, status, amount_received=1000 if status == "succeeded" else 0)
                event["data"]["object"]["id"] = f"pi_{payment.id}"
                call(event)
            found = now(payment, tenant_id)
            ends.add((found.status, found.captured_minor))

        assert ends == {("captured", 1000)}
