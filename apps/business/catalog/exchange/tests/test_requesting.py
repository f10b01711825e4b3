import csv
import io
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test.client import MULTIPART_CONTENT
from django.utils import timezone

from apps.business.catalog import queries
from apps.business.catalog.errors import ExportNotFound
from apps.business.catalog.exchange import exports, requesting
from apps.business.catalog.tests.factories import ProductFactory
from apps.core.files.models import StoredFile
from apps.core.jobs.testing import run_jobs
from apps.core.tenancy import tenant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("file_folder")]
TEXT = "sku,name,unit_price,currency\nA,Apron,12,GBP\nB,,1,GBP\n"
IMPORTS = "/api/v1/product-imports"


def upload(text=TEXT, **facts):
    return {"file": SimpleUploadedFile("products.csv", text.encode()), **facts}


@pytest.fixture
def work(tenant_id):
    def run():
        with tenant(tenant_id):
            return run_jobs("business")

    return run


@pytest.fixture
def skus(tenant_id):
    def read():
        with tenant(tenant_id):
            return [product.sku for product in queries.products()]

    return read


class TestExport:
    def test_is_written_by_a_job_and_fetched_by_who_may_see_what_is_in_it(self, api_client, work, tenant_id, browser):
        with tenant(tenant_id):
            ProductFactory(sku="A")
        client = api_client("viewer")

        asked, again = (client.post("/api/v1/product-exports") for _ in range(2))
        path = f"/product-exports/{asked.json()['data']['id']}/file"
        early = client.get(f"/api/v1{path}")
        (done,) = work()
        file = client.get(f"/api/v1{path}")

        assert again.json()["data"]["id"] == str(done.id)
        assert (early.status_code, early.json()["code"]) == (404, "product_export_not_found")
        assert (done.result["products"], done.done, done.total) == (1, 1, 1)
        assert next(csv.DictReader(io.StringIO(file.content.decode())))["on_hand"] == "0"
        assert browser("owner").get(path.replace("/product-", "/products/")).content == file.content

    def test_of_stock_is_not_for_who_may_not_see_it(self, api_client, work, tenant_id):
        api_client("owner").post("/api/v1/product-exports")
        (done,) = work()
        anybody = SimpleNamespace(may=lambda permission: True)

        with tenant(tenant_id), pytest.raises(ExportNotFound):
            exports.exported(done.id, anybody, may_see_stock=False)

    def test_of_a_large_catalogue_is_offered_as_a_job(self, browser, monkeypatch, tenant_id):
        monkeypatch.setattr(exports, "AT_ONCE", 0)
        with tenant(tenant_id):
            ProductFactory()
        page = browser("viewer")

        shown = page.get("/products/exchange").content.decode()

        assert 'action="/products/exports"' in shown
        assert page.post("/products/exports")["Location"].startswith("/services/business/jobs/")


class TestApi:
    def test_looks_through_a_file_and_then_applies_it_once(self, api_client, work, skus):
        client = api_client("manager")

        asked = client.post(IMPORTS, upload(), MULTIPART_CONTENT)
        path = f"{IMPORTS}/{asked.json()['data']['id']}"
        early = client.post(f"{path}/application")
        (checked,) = work()
        looked_at = skus()
        applied = [client.post(f"{path}/application").json()["data"]["id"] for _ in range(2)]
        (done,) = work()

        assert (asked.status_code, early.status_code, early.json()["code"]) == (202, 409, "product_import_not_checked")
        assert (checked.result["dry_run"], checked.result["created"], checked.result["refused"]) == (True, 1, 1)
        assert looked_at == []
        assert applied == [str(done.id)] * 2
        assert (done.state, done.result["created"], done.done, done.total) == ("succeeded", 1, 2, 2)
        assert skus() == ["A"]
        (row,) = csv.DictReader(io.StringIO(client.get(f"{IMPORTS}/{done.id}/report").content.decode()))
        assert (row["line"], row["sku"], row["reason"]) == ("3", "B", "name: is needed for a new product")

    def test_applies_at_once_where_that_is_asked_for(self, api_client, work, skus):
        api_client("manager").post(IMPORTS, upload(dry_run="false"), MULTIPART_CONTENT)

        work()

        assert skus() == ["A"]

    @pytest.mark.parametrize(
        ("text", "code"),
        [("name\nx", "catalogue_file_unusable"), ("sku\n\x00", "file_refused"), ("", "invalid")],
    )
    def test_refuses_what_is_no_file_of_products(self, api_client, text, code):
        answer = api_client("manager").post(IMPORTS, upload(text), MULTIPART_CONTENT)

        assert (answer.status_code, answer.json()["code"]) == (422, code)

    def test_exports_what_the_filters_ask_for(self, api_client, tenant_id):
        with tenant(tenant_id):
            ProductFactory(sku="A", name="Apron"), ProductFactory(sku="B", name="Bib")

        answer = api_client("viewer").get("/api/v1/products/file", {"q": "ap"})

        rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))
        assert [(row["sku"], row["on_hand"]) for row in rows] == [("A", "0")]
        assert answer["Content-Disposition"] == 'attachment; filename="products.csv"'

    def test_shows_imports_to_nobody_else(self, api_client, other_tenant_id, work):
        path = f"{IMPORTS}/{api_client('manager').post(IMPORTS, upload(), MULTIPART_CONTENT).json()['data']['id']}"
        work()
        stranger = api_client("owner", tenant_id=other_tenant_id)

        assert stranger.post(f"{path}/application").status_code == 404
        assert stranger.get(f"{path}/report").status_code == 404
        assert api_client("clerk").post(IMPORTS, upload(), MULTIPART_CONTENT).status_code == 403


class TestPages:
    def test_lead_from_the_file_over_what_would_become_of_it_to_what_became(self, browser, work, skus):
        client = browser()

        answer = client.post("/products/exchange", upload())
        waiting = client.get(answer["Location"]).content.decode()
        work()
        looked_at = client.get(answer["Location"]).content.decode()
        applied = client.post(f"{answer['Location']}application")
        work()
        done = client.get(applied["Location"]).content.decode()

        assert 'hx-trigger="every 1s"' in waiting
        for text in ("Would be created", "name: is needed for a new product", "Apply", "Download the refused lines"):
            assert text in looked_at
        assert "Would be" not in done
        assert client.get(f"{applied['Location']}report").content.startswith(b"line,reason,sku")
        assert skus() == ["A"]

    def test_say_what_is_wrong_with_a_file(self, browser):
        answer = browser().post("/products/exchange", upload("colour\nred"))

        assert answer.status_code == 422
        assert "sku among them" in answer.content.decode()

    def test_export_to_whoever_sees_products(self, browser, tenant_id):
        with tenant(tenant_id):
            ProductFactory(sku="A")

        answer = browser("viewer").get("/products/file")

        assert b"".join(answer.streaming_content).count(b"\r\n") == 2
        assert "Look through it" not in browser("viewer").get("/products/exchange").content.decode()


class TestKeeping:
    def test_files_go_after_a_month(self, api_client, work, tenant_id):
        job_id = api_client("manager").post(IMPORTS, upload(), MULTIPART_CONTENT).json()["data"]["id"]
        work()

        with tenant(tenant_id):
            later = timezone.now() + requesting.KEPT_FOR
            assert requesting.drop_old_files(now=later - timedelta(hours=1)) == 0
            assert [requesting.drop_old_files(now=later) for _ in range(2)] == [2, 0]
            assert not StoredFile.objects.using("business").exists()
        assert api_client("manager").get(f"{IMPORTS}/{job_id}/report").status_code == 404


class TestCommands:
    @pytest.fixture
    def folder(self, tmp_path, caller):
        caller("owner")
        (tmp_path / "in.csv").write_text(TEXT)
        return tmp_path

    def test_import_export_and_say_what_was_refused(self, folder, tenant_id, skus, capsys):
        facts = {"tenant": str(tenant_id), "refused_to": folder / "refused.csv"}

        with pytest.raises(CommandError, match="1 lines are refused"):
            call_command("import_catalogue", folder / "in.csv", **facts, dry_run=True)
        assert (skus(), "line 2: A created: name, unit_price, currency" in capsys.readouterr().out) == ([], True)
        with pytest.raises(CommandError, match="1 lines are refused"):
            call_command("import_catalogue", folder / "in.csv", **facts)
        call_command("export_catalogue", tenant=str(tenant_id), to=folder / "out.csv")
        call_command("import_catalogue", folder / "out.csv", tenant=str(tenant_id))
        call_command("export_catalogue", tenant=str(tenant_id))

        told = capsys.readouterr()
        assert "line 3: name: is needed" in told.err
        assert (folder / "refused.csv").read_text().startswith("line,reason,sku")
        assert told.out.endswith((folder / "out.csv").read_bytes().decode())
        assert skus() == ["A"]

    @pytest.mark.parametrize(("name", "facts"), [("in.csv", {"tenant": "nobody"}), ("gone.csv", {})])
    def test_end_with_a_line_on_what_is_wrong(self, folder, tenant_id, name, facts):
        with pytest.raises(CommandError, match=r"there is no tenant nobody|cannot be read"):
            call_command("import_catalogue", folder / name, **{"tenant": str(tenant_id), **facts})
