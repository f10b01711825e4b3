import pytest
from django.contrib.messages import get_messages

from apps.business.payments import queries
from apps.business.payments.providers.simulator import cards
from apps.core.tenancy import tenant

pytestmark = pytest.mark.django_db


@pytest.fixture
def make(till, tenant_id):
    def made(how="captured", *args, **options):
        with tenant(tenant_id):
            return getattr(till, how)(*args, **options)

    return made


class TestPages:
    def test_list_payments_and_say_when_there_are_none(self, browser, make):
        viewer = browser("viewer")
        assert "No payments yet" in viewer.get("/payments/").text

        make()

        shown = viewer.get("/payments/").text
        assert "£10.00" in shown
        assert "/payments/ledger/" not in shown

    def test_say_that_nobody_takes_payments(self, browser, settings):
        settings.PAYMENT_SIMULATOR = False

        assert "No provider yet" in browser("viewer").get("/payments/").text

    def test_show_a_payment_with_what_may_be_done(self, browser, make):
        payment = make("authorised")

        manager = browser("manager").get(f"/payments/{payment.id}/").text
        viewer = browser("viewer").get(f"/payments/{payment.id}/").text

        assert "capture-payment" in manager
        assert "void-payment" in manager
        assert "Payment authorised" in viewer
        assert "capture-payment" not in viewer

    def test_capture_and_refund_in_major_units(self, browser, make, till, tenant_id):
        payment, manager = make("authorised"), browser("manager")

        manager.post(f"/payments/{payment.id}/capture", {"amount": "7.50"})
        make("worked", payment)
        manager.post(f"/payments/{payment.id}/refunds", {"amount": "2.5", "reason": "late", "key": "k"})

        found = make("worked", payment)
        assert (found.captured_minor, found.refunded_minor) == (750, 250)
        assert "Ledger" in manager.get(f"/payments/{payment.id}/").text

    def test_say_why_not(self, browser, make):
        payment, manager = make(), browser("manager")

        def said(what, **form):
            answer = manager.post(f"/payments/{payment.id}/{what}", form)
            return " ".join(str(message) for message in get_messages(answer.wsgi_request))

        assert "2 decimals" in said("capture", amount="1.234")
        assert "so it cannot be captured" in said("capture", amount="1")
        assert "so it cannot be voided" in said("voiding")
        assert "only £10.00 can" in said("refunds", amount="11", key="k")
        assert "waits for a person" in said("inquiry")

    def test_ask_again_what_waits_for_a_person(self, browser, make, till):
        payment = make("authorised", method=cards.SILENT)
        make("later", payment, hours=23)
        manager = browser("manager")
        assert "Ask again" in manager.get(f"/payments/{payment.id}/").text
        assert "£10.00" in manager.get("/payments/", {"waits": "true"}).text

        manager.post(f"/payments/{payment.id}/inquiry")

        assert "being asked" in manager.get(f"/payments/{payment.id}/").text

    def test_show_the_ledger_and_book_a_payout(self, browser, make, till, tenant_id):
        make()
        manager = browser("manager")

        wrong = manager.post("/payments/ledger/payouts", {"reference": "x", "currency": "GBP", "amount": "0"})
        manager.post("/payments/ledger/payouts", {"reference": "po_1", "currency": "GBP", "amount": "9.66"})

        assert wrong.status_code == 422
        shown = manager.get("/payments/ledger/").text
        assert "Bank account" in shown
        assert "po_1" in shown
        with tenant(tenant_id):
            assert till.balances()["provider"] == 0

    def test_choose_a_provider_and_show_no_key(self, browser, tenant_id):
        owner = browser("owner")
        wish = {"provider": "stripe", "key": "sk_live_0123456789abcd", "webhook_secret": "whsec_x"}

        missing = owner.post("/payments/provider", {"provider": "stripe"})
        owner.post("/payments/provider", wish)

        assert missing.status_code == 422
        shown = owner.get("/payments/provider").text
        assert "ends in abcd" in shown
        assert f"/api/v1/payment-notices/stripe/{tenant_id}" in shown
        assert wish["key"] not in shown
        with tenant(tenant_id):
            assert queries.provider_settings().provider == "stripe"
