import csv
from io import BytesIO, StringIO

import pytest
from django.utils import timezone
from pypdf import PdfReader

from apps.business.invoicing import commands
from apps.business.orders.tests.factories import ADA, CustomerFactory, place
from apps.core.tenancy import tenant

pytestmark = pytest.mark.django_db
SELLER = {"name": "Tea & Co", "address": "1 Quay", "tax_id": "GB123", "terms_days": 14}


@pytest.fixture
def issued(tenant_id):
    with tenant(tenant_id):
        order = place(customer_id=CustomerFactory(name="=Ida").id)
        return commands.invoice_order(order_id=order.id, actor=ADA, now=timezone.now())


@pytest.fixture
def owner(caller):
    return caller("owner").client()


class TestTheApi:
    def test_lists_and_shows(self, issued, owner):
        (row,) = owner.get("/api/v1/invoices", {"kind": "invoice", "number": "INV-"}).json()["data"]
        whole = owner.get(f"/api/v1/invoices/{row['id']}").json()["data"]

        assert (row["number"], row["total_minor"]) == (issued.number, 765)
        assert [line["total_minor"] for line in whole["lines"]] == [765]
        assert owner.get("/api/v1/invoices", {"kind": "credit_note"}).json()["data"] == []

    def test_gives_the_paper(self, issued, owner):
        answer = owner.get(f"/api/v1/invoices/{issued.id}/pdf")

        assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
        assert issued.number in PdfReader(BytesIO(answer.content)).pages[0].extract_text()

    def test_gives_a_file_that_no_spreadsheet_takes_for_formulas(self, issued, owner):
        answer = owner.get("/api/v1/invoices/file", {"kind": "invoice"})

        (row,) = csv.DictReader(StringIO(answer.getvalue().decode()))
        assert (row["number"], row["balance_minor"], row["buyer_name"]) == (issued.number, "765", "'=Ida")

    def test_says_which_filters_there_are(self, owner):
        assert owner.get("/api/v1/invoices/file", {"colour": "red"}).status_code == 422
        assert owner.get("/api/v1/invoices", {"issued_from": "yesterday"}).status_code == 422

    def test_keeps_who_invoices(self, owner):
        before = owner.get("/api/v1/invoice-seller").json()["data"]
        answer = owner.put("/api/v1/invoice-seller", SELLER, content_type="application/json")

        assert (before["name"], before["terms_days"]) == ("", 30)
        assert answer.status_code == 200
        assert owner.get("/api/v1/invoice-seller").json()["data"]["name"] == "Tea & Co"

    def test_does_not_find_what_another_tenant_issued(self, issued, caller, other_tenant_id):
        stranger = caller("owner", tenant_id=other_tenant_id).client()

        for path in ("", "/pdf"):
            assert stranger.get(f"/api/v1/invoices/{issued.id}{path}").status_code == 404


class TestThePages:
    def test_show_the_list_one_invoice_and_its_paper(self, issued, browser):
        reader = browser("viewer")

        assert issued.number in reader.get("/invoices/?kind=").content.decode()
        assert "£7.65" in reader.get(f"/invoices/{issued.id}/").content.decode()
        assert reader.get(f"/invoices/{issued.id}/pdf").content.startswith(b"%PDF")
        assert issued.number in reader.get("/invoices/file?kind=&number=").getvalue().decode()

    def test_take_who_invoices(self, browser):
        manager = browser("manager")
        form = {**SELLER, "edition": 0, "invoice_series": "INV", "credit_series": "CN"}

        wrong = manager.post("/invoices/seller", {**form, "credit_series": "INV"})
        right = manager.post("/invoices/seller", form)
        late = manager.post("/invoices/seller", {**form, "name": "B"})

        assert (wrong.status_code, right.status_code, late.status_code) == (422, 302, 422)
        assert "another than that of invoices" in wrong.content.decode()
        assert "Tea &amp; Co" in manager.get("/invoices/seller").content.decode()
