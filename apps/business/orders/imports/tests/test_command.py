import csv
import io

import pytest
from django.core.management import CommandError, call_command

from apps.business.orders.imports.tests.invoice_file import broken, generated, row, written
from apps.business.orders.models import Order
from apps.core.tenancy import tenant
from apps.iam.facade import iam

pytestmark = pytest.mark.django_db


@pytest.fixture
def slug(caller, tenant_id):
    caller("owner")
    return iam.tenant(tenant_id).slug


def run(path, **options):
    out = io.StringIO()
    call_command("import_invoices", str(path), stdout=out, **options)
    return out.getvalue()


class TestImportInvoices:
    def test_imports_and_shows_that_it_balances(self, tmp_path, slug, tenant_id):
        told = run(written(tmp_path / "f.csv.gz", generated(invoices=8)), tenant=slug)

        assert "Reconciliation (GBP)" in told
        assert told.rstrip().endswith("balanced")
        with tenant(tenant_id):
            assert Order.objects.count() > 8

    def test_takes_the_tenants_id_a_currency_and_a_time_zone(self, tmp_path, slug, tenant_id):
        path = written(tmp_path / "f.csv", [row("1", at="2011-07-01T08:26:00")])

        told = run(path, tenant=str(tenant_id), currency="EUR", time_zone="Europe/London")

        with tenant(tenant_id):
            order = Order.objects.get()
        assert "Reconciliation (EUR)" in told
        assert (order.currency, order.placed_at.hour) == ("EUR", 7)

    def test_lists_what_was_rejected_and_writes_all_of_it_to_a_file(self, tmp_path, slug):
        wanted = tmp_path / "rejected.csv"

        told = run(written(tmp_path / "f.csv", [*broken() * 6, row()]), tenant=slug, rejected_to=wanted)

        assert "line 2: Quantity 'two' is no whole number" in told
        assert "… and 16 more" in told
        assert len(list(csv.reader(wanted.open()))) == 1 + 66

    @pytest.mark.parametrize(
        ("options", "text"),
        [
            ({"tenant": "nobody"}, "there is no tenant nobody"),
            ({"currency": "pounds"}, "pounds is no currency"),
            ({"time_zone": "Mars/Olympus"}, "Mars/Olympus is no time zone"),
            ({"rejected_to": "/nowhere/f.csv"}, "cannot be written"),
        ],
    )
    def test_refuses_wrong_options_in_one_line(self, tmp_path, slug, options, text):
        path = written(tmp_path / "f.csv", [row()])
        if "rejected_to" in options:
            options = {"rejected_to": tmp_path / "nowhere" / "f.csv"}

        with pytest.raises(CommandError, match=text) as refused:
            run(path, **{"tenant": slug, **options})
        assert "\n" not in str(refused.value)

    def test_refuses_a_file_that_is_none(self, tmp_path, slug):
        with pytest.raises(CommandError, match="No such file"):
            run(tmp_path / "nowhere.csv", tenant=slug)
