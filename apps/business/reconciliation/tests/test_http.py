from __future__ import annotations

import pytest

from apps.business.orders.tests.factories import place
from apps.business.reconciliation import reconciling
from apps.core.jobs.testing import run_jobs
from apps.core.tenancy import tenant

pytestmark = pytest.mark.django_db


class TestApi:
    def test_answers_with_the_job_whose_result_has_a_row_for_each_check(self, api_client, in_tenant):
        client = api_client("manager")

        answer = client.post("/api/v1/reconciliations")
        again = client.post("/api/v1/reconciliations")
        run_jobs("business")
        result = client.get(answer["Location"]).json()["data"]["result"]

        assert (answer.status_code, again.json()["data"]["id"]) == (202, answer.json()["data"]["id"])
        assert result["holds"]
        assert {"name": "every order has its invoice", "compared": 0, "different": 0, "named": []} in result["checks"]

    def test_is_not_for_clerks(self, api_client):
        assert api_client("clerk").post("/api/v1/reconciliations").status_code == 403


class TestPage:
    def test_shows_what_the_last_run_found(self, browser, in_tenant, tenant_id, monkeypatch):
        monkeypatch.setattr("apps.business.reconciliation.jobs.ON_ITS_WAY", -reconciling.ON_ITS_WAY)
        page = browser("manager")
        assert "Never checked" in page.get("/reconciliation/").content.decode()
        place()

        there = page.post("/reconciliation/")["Location"]
        run_jobs("business")
        shown = page.get("/reconciliation/").content.decode()

        assert there.startswith("/services/business/jobs/")
        assert "Every order has its invoice" in shown
        assert "has no invoice" in shown

    def test_shows_nothing_of_another_company(self, browser, in_tenant, other_tenant_id):
        browser("manager").post("/reconciliation/")

        with tenant(other_tenant_id):
            assert run_jobs("business") == []
        assert "Never checked" in browser("manager", tenant_id=other_tenant_id).get("/reconciliation/").content.decode()
