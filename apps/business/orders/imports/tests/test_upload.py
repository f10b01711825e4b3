"""An invoice file that is uploaded, and the job that imports it."""

from __future__ import annotations

import gzip
from datetime import timedelta
from functools import partial

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.utils import timezone

from apps.business.orders.imports import importing, requesting
from apps.business.orders.imports.errors import FileUnusable, ImportOptionWrong, UploadGone
from apps.business.orders.imports.requesting import Upload, request_import
from apps.business.orders.imports.tests.invoice_file import broken, generated, row, text_of
from apps.business.orders.models import Order
from apps.business.orders.tests.factories import ADA
from apps.core.jobs import commands as jobs
from apps.core.jobs import queries
from apps.core.jobs.testing import run_jobs
from apps.core.tenancy import tenant
from tests.callers import ensure_tenant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("uploaded_to")]

SMALL = text_of([row("1"), row("2", quantity=3), row("3", buyer="13047"), row("4")]).encode()


@pytest.fixture
def ask(in_tenant, tenant_id):
    """`ask(SMALL)`: have it imported."""
    ensure_tenant(tenant_id)

    def asked(content=SMALL, name="may.csv", **options):
        return request_import(upload=Upload(name=name, content=content, **options), actor=ADA, now=timezone.now())

    return asked


def run(found):
    run_jobs("business")
    return queries.job(found.id, queries.all_jobs("business"))


def files(folder):
    return [path.name for path in folder.glob("*/*")]


class TestImport:
    def test_accounts_for_the_whole_file_and_keeps_it_no_longer_than_that(self, ask, uploaded_to):
        rows = [*generated(invoices=12), *broken()]
        found = ask(gzip.compress(text_of(rows).encode()))
        waiting = files(uploaded_to)

        done = run(found)

        assert (done.state, done.about, done.queue) == ("succeeded", "may.csv", "bulk")
        assert done.result["balances"]
        assert done.result["lines"] == len(rows) == done.result["imported"] + done.result["rejected"]
        assert done.result["rejections"][0]["reason"] == "Quantity 'two' is no whole number"
        assert "Reconciliation (GBP)" in done.result["summary"]
        assert done.total == done.done > 12
        assert (len(waiting), files(uploaded_to)) == (1, [])

    def test_is_done_in_the_name_of_whoever_sent_it(self, ask):
        run(ask())

        assert {order.created_by for order in Order.objects.all()} == {ADA.id}

    def test_of_the_same_file_again_is_the_same_job(self, ask):
        first = ask()
        assert ask().id == first.id
        run(first)

        assert ask().state == "succeeded"
        assert Order.objects.count() == 4

    def test_with_another_option_is_another_job(self, ask):
        assert len({ask().id, ask(time_zone="Europe/London").id, ask(currency="EUR").id, ask(name="june.csv").id}) == 4

    def test_stops_when_it_is_called_off_and_goes_on_from_there(self, ask, monkeypatch, uploaded_to):
        found, booked, book = ask(), [], importing.book_invoices

        def third_is_the_last(together, context):
            booked.extend(invoice.number for invoice in together)
            if len(booked) == 3:
                jobs.cancel_job(job_id=found.id, using="business", actor=ADA, now=timezone.now())
            return book(together, context)

        monkeypatch.setattr(importing, "book_invoices", third_is_the_last)
        monkeypatch.setattr(importing, "batches", partial(importing.batches, at_most=1))
        stopped = run(found)
        assert (stopped.state, Order.objects.count(), len(files(uploaded_to))) == ("cancelled", 3, 1)

        again = ask()

        assert (again.id, again.state) == (found.id, "queued")
        assert run(again).result["balances"]
        assert booked == ["1", "2", "3", "4"]

    def test_of_a_file_that_is_gone_waits_for_it(self, ask, uploaded_to):
        found = ask()
        next(uploaded_to.glob("*/*")).write_bytes(SMALL[:10])

        waiting = run(found)

        assert (waiting.state, waiting.reason.partition(":")[0]) == ("retrying", UploadGone.code)


class TestRefusal:
    @pytest.mark.parametrize(
        "content", [b"", b"a,b\n1,2\n", b"\x1f\x8bnonsense", b"\xff\xfe\x00", text_of([]).encode()]
    )
    def test_of_what_is_no_invoice_file_comes_at_once_and_keeps_nothing(self, ask, content, uploaded_to):
        with pytest.raises(FileUnusable) as refused:
            ask(content)

        assert str(refused.value).startswith("may.csv ")
        assert (queries.all_jobs("business").count(), files(uploaded_to)) == (0, [])

    def test_of_a_file_that_unpacks_to_too_much(self, ask, settings):
        settings.IMPORT_MAX_BYTES = 1000

        with pytest.raises(FileUnusable, match="larger than 1,000 bytes when unpacked"):
            ask(gzip.compress(SMALL + b"\n" * 1000))

    def test_names_every_wrong_option(self, ask):
        with pytest.raises(ImportOptionWrong) as refused:
            ask(currency="XXX", time_zone="Mars/Olympus")

        assert set(refused.value.errors) == {"currency", "time_zone"}


class TestClearingUp:
    def test_takes_the_files_that_nothing_is_to_import_any_more(self, ask, uploaded_to, other_tenant_id):
        wanted, off = ask(), ask(name="june.csv")
        jobs.cancel_job(job_id=off.id, using="business", actor=ADA, now=timezone.now())
        stray = uploaded_to / str(other_tenant_id) / "stray"
        stray.parent.mkdir()
        stray.write_bytes(SMALL)

        assert requesting.drop_uploads(now=timezone.now()) == 0, "its job may not be committed yet"
        assert requesting.drop_uploads(now=timezone.now() + timedelta(hours=2)) == 2
        assert files(uploaded_to) == [wanted.parameters["upload"]]

    def test_finds_nothing_where_nothing_was_uploaded(self):
        assert requesting.drop_uploads(now=timezone.now()) == 0


class TestByHttp:
    def test_is_accepted_with_its_job(self, api_client, in_tenant):
        client = api_client("manager")
        answer = send(client, file=SimpleUploadedFile("may.csv", SMALL), currency="EUR")
        job = answer.json()["data"]
        run_jobs("business")

        assert (answer.status_code, job["state"], job["about"]) == (202, "queued", "may.csv")
        assert answer["Location"] == f"/api/v1/services/business/jobs/{job['id']}"
        assert client.get(answer["Location"]).json()["data"]["result"]["currency"] == "EUR"
        assert Order.objects.count() == 4

    def test_is_refused_with_the_reasons(self, api_client):
        client = api_client("manager")

        assert send(client, currency="EUR").json()["errors"].keys() == {"file"}
        assert send(client, file=SimpleUploadedFile("a.csv", SMALL), currency="XXX").json()["errors"].keys() == {
            "currency"
        }
        assert send(client, file=SimpleUploadedFile("a.csv", b"a,b\n")).json()["code"] == "import_file_unusable"
        assert client.post("/api/v1/invoice-imports", {}).status_code == 415

    def test_is_not_seen_by_another_company(self, api_client, other_tenant_id):
        job = send(api_client("manager"), file=SimpleUploadedFile("may.csv", SMALL)).json()["data"]

        stranger = api_client("owner", tenant_id=other_tenant_id)
        assert stranger.get(f"/api/v1/services/business/jobs/{job['id']}").status_code == 404
        with tenant(other_tenant_id):
            assert run_jobs("business") == []

    def test_begins_in_the_console_and_leads_to_its_progress(self, browser, in_tenant, tenant_id):
        page = browser("manager")
        assert "/orders/import" in page.get("/orders/").content.decode()
        assert 'enctype="multipart/form-data"' in page.get("/orders/import").content.decode()

        sent = {"file": SimpleUploadedFile("may.csv", SMALL), "time_zone": "UTC", "encoding": "utf-8"}
        there = page.post("/orders/import", sent)["Location"]
        run_jobs("business")

        assert there.startswith("/services/business/jobs/")
        assert "Reconciliation (GBP)" in page.get(there).content.decode()

    def test_shows_beside_the_form_what_is_wrong(self, browser):
        sent = {"file": SimpleUploadedFile("may.csv", b"a,b\n1,2"), "time_zone": "UTC", "encoding": "utf-8"}

        answer = browser("manager").post("/orders/import", sent)

        assert answer.status_code == 422
        assert "has no column InvoiceNo" in answer.content.decode()


def send(client, **fields):
    return client.generic(
        "POST", "/api/v1/invoice-imports", encode_multipart(BOUNDARY, fields), content_type=MULTIPART_CONTENT
    )
