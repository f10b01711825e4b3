from uuid import uuid4

import pytest

from apps.business.payments import queries
from apps.business.payments.models import ProviderSettings
from apps.business.payments.providers.simulator import cards
from apps.core.tenancy import tenant

pytestmark = pytest.mark.django_db


@pytest.fixture
def make(till, tenant_id):
    """`make("captured")`: a payment of this test's tenant."""

    def made(how="captured", *args, **options):
        with tenant(tenant_id):
            return getattr(till, how)(*args, **options)

    return made


def path_of(payment, what=""):
    return f"/api/v1/payments/{payment.id}{what}"


class TestPayments:
    def test_authorises_once_for_one_key_and_answers_before_the_provider_does(self, api_client):
        wish = {"order_id": str(uuid4()), "amount_minor": 1000, "currency": "GBP", "method": cards.GOOD}

        answers = [
            api_client("manager").post("/api/v1/payments", wish, headers={"Idempotency-Key": "k"}) for _ in range(2)
        ]

        assert [answer.status_code for answer in answers] == [202, 202]
        assert answers[0].json()["data"]["status"] == "authorising"
        assert len(api_client("viewer").get("/api/v1/payments").json()["data"]) == 1

    def test_are_listed_by_what_they_are(self, api_client, make):
        captured, declined = make("captured"), make("authorised", method=cards.DECLINED)
        client = api_client("viewer")

        def ids(**wish):
            return [row["id"] for row in client.get("/api/v1/payments", wish).json()["data"]]

        assert ids() == [str(declined.id), str(captured.id)]
        assert ids(status="captured") == ids(reference=captured.reference) == [str(captured.id)]
        assert ids(order_id=str(declined.order_id)) == [str(declined.id)]
        assert ids(waits="true") == []
        assert ids(limit=1) == [str(declined.id)]

    def test_one_tells_what_was_asked_and_booked(self, api_client, make):
        answer = api_client("viewer").get(path_of(make()))

        found = answer.json()["data"]
        assert [(one["kind"], one["state"]) for one in found["operations"]] == [
            ("authorise", "succeeded"),
            ("capture", "succeeded"),
        ]
        assert [entry["kind"] for entry in found["entries"]] == ["charge", "fee"]
        assert all(sum(line["amount_minor"] for line in entry["lines"]) == 0 for entry in found["entries"])
        assert answer.headers["ETag"]

    def test_are_hidden_from_others(self, api_client, make, other_tenant_id):
        payment, client = make(), api_client("owner", tenant_id=other_tenant_id)

        assert client.get(path_of(payment)).status_code == 404
        assert client.post(path_of(payment, "/capture"), {}).status_code == 404
        assert client.get("/api/v1/payments").json()["data"] == []

    def test_are_captured_voided_and_refunded(self, api_client, make, till, tenant_id):
        client, captured, voided = api_client("manager"), make("authorised"), make("authorised")

        assert client.post(path_of(captured, "/capture"), {"amount_minor": 700}).status_code == 202
        assert client.post(path_of(voided, "/voiding"), {}).status_code == 202
        with tenant(tenant_id):
            till.worked(captured)
        refund = {"amount_minor": 300, "key": "R-1"}
        assert [client.post(path_of(captured, "/refunds"), refund).status_code for _ in range(2)] == [202, 202]
        with tenant(tenant_id):
            found = till.worked(captured), till.worked(voided)
        assert [payment.status for payment in found] == ["partly_refunded", "voided"]

    def test_refuse_what_cannot_be(self, api_client, make):
        client, payment = api_client("manager"), make()

        def code(what, wish):
            answer = client.post(path_of(payment, what), wish)
            return answer.status_code, answer.json()["code"]

        assert code("/capture", {"amount_minor": 1}) == (409, "payment_not_capturable")
        assert code("/voiding", {}) == (409, "payment_not_voidable")
        assert code("/refunds", {"amount_minor": 1001, "key": "r"}) == (409, "payment_not_refundable")
        assert code("/inquiry", {}) == (409, "nothing_is_stuck")

    def test_are_asked_about_again_when_nobody_answered_for_too_long(self, api_client, make):
        payment = make("authorised", method=cards.SILENT)
        make("later", payment, hours=23)

        answer = api_client("manager").post(path_of(payment, "/inquiry"), {})

        assert (answer.status_code, answer.json()["data"]["status"]) == (202, "authorising"), answer.content


class TestLedger:
    def test_shows_entries_and_balances_that_balance(self, api_client, make):
        payment, client = make(), api_client("manager")

        entries = client.get("/api/v1/ledger/entries", {"payment_id": str(payment.id)}).json()["data"]
        balances = client.get("/api/v1/ledger/trial-balance").json()["data"]

        assert [entry["kind"] for entry in entries] == ["fee", "charge"]
        assert sum(row["balance_minor"] for row in balances) == 0
        assert {row["account"]: row["balance_minor"] for row in balances}["provider"] == 966

    def test_books_a_payout_once(self, api_client):
        wish = {"reference": "po_1", "amount_minor": 5, "currency": "GBP"}

        answers = [api_client("manager").post("/api/v1/ledger/payouts", wish).json()["data"] for _ in range(2)]

        assert answers[0]["id"] == answers[1]["id"]
        assert [line["amount_minor"] for line in answers[0]["lines"]] == [5, -5]

    def test_costs_the_same_however_much_was_booked(self, make, tenant_id, django_assert_num_queries):
        make(), make()

        with tenant(tenant_id):
            with django_assert_num_queries(2, using="business"):
                [list(entry.lines.all()) for entry in queries.entries()]
            with django_assert_num_queries(1, using="business"):
                queries.trial_balance()


class TestProvider:
    KEY, SECRET = "sk_live_0123456789abcd", "whsec_secret"

    def test_keeps_keys_sealed_and_never_shows_them_again(self, api_client, tenant_id):
        client = api_client("owner")

        answer = client.put(
            "/api/v1/payment-provider",
            {"provider": "stripe", "key": self.KEY, "webhook_secret": self.SECRET},
            content_type="application/json",
        )

        shown = answer.json()["data"]
        assert shown == {
            "provider": "stripe",
            "key_ending": "abcd",
            "webhook_path": f"/api/v1/payment-notices/stripe/{tenant_id}",
        }
        assert self.KEY not in answer.text
        with tenant(tenant_id):
            row = ProviderSettings.objects.in_tenant().get()
        assert self.KEY.encode() not in bytes(row.sealed_key)
        assert self.SECRET.encode() not in bytes(row.sealed_webhook_secret)

    def test_refuses_one_without_its_keys_and_one_that_there_is_not(self, api_client):
        def errors(**wish):
            answer = api_client("owner").put("/api/v1/payment-provider", wish, content_type="application/json")
            return answer.status_code, set(answer.json().get("errors", {}))

        assert errors(provider="stripe") == (422, {"key", "webhook_secret"})
        assert errors(provider="nobody") == (422, {"provider"})
