"""Companies over REST, for the platform's staff."""

from __future__ import annotations

import pytest

from apps.core.db.ids import uuid7
from apps.core.idempotency.models import IdempotencyKey
from apps.core.tenancy import PLATFORM, tenant
from apps.iam.tenants import queries
from apps.iam.tenants.tests.factories import TenantFactory
from apps.iam.users import queries as users
from apps.iam.users.tests.factories import UserFactory
from tests.callers import Caller

pytestmark = pytest.mark.django_db
PATH = "/api/v1/tenants"
ACME = {
    "slug": "acme",
    "name": "Acme Trading",
    "default_currency": "GBP",
    "owner_email": "ada@acme.example",
    "owner_name": "Ada King",
}


@pytest.fixture
def staff():
    return UserFactory(is_platform_staff=True, name="Sam Staff")


@pytest.fixture
def api(staff):
    return Caller(staff.id, PLATFORM, "", staff.email).client()


class TestList:
    def test_shows_the_companies_that_are_there(self, api):
        TenantFactory(slug="acme")
        TenantFactory(slug="zeta", status="suspended")
        TenantFactory(slug="gone", status="deleted")

        assert [one["slug"] for one in api.get(PATH).json()["data"]] == ["acme", "zeta"]
        assert [one["slug"] for one in api.get(f"{PATH}?status=deleted").json()["data"]] == ["gone"]
        assert [one["slug"] for one in api.get(f"{PATH}?slug=ze").json()["data"]] == ["zeta"]


class TestCreate:
    def test_provisions_and_answers_with_the_password_once(self, api):
        response = api.post(PATH, {**ACME, "time_zone": "Europe/London"}, headers={"idempotency-key": "k-1"})
        again = api.post(PATH, {**ACME, "time_zone": "Europe/London"}, headers={"idempotency-key": "k-1"})

        data = response.json()["data"]
        assert (response.status_code, data["status"], data["time_zone"]) == (201, "active", "Europe/London")
        assert data["provisioning"]["steps_done"] == ["settings", "owner", "open"]
        assert users.user_by_email("ada@acme.example").check_password(data["one_time_password"])
        assert again["Idempotency-Replayed"] == "true"
        assert again.json()["data"]["one_time_password"] is None
        with tenant(PLATFORM):
            assert data["one_time_password"] not in IdempotencyKey.objects.using("default").get(key="k-1").body

    def test_leaves_demonstration_data_to_a_job(self, api):
        response = api.post(PATH, {**ACME, "with_demo": True})

        assert response.json()["data"]["provisioning"]["finished_at"] is None

    def test_refuses_a_short_name_that_is_taken(self, api):
        api.post(PATH, ACME)

        response = api.post(PATH, ACME)

        assert (response.status_code, response.json()["code"]) == (409, "tenant_exists")

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"slug": "ACME"}, "slug"),
            ({"owner_email": "nobody"}, "owner_email"),
            ({"default_currency": "gbp"}, "default_currency"),
            ({"time_zone": "Mars/Base"}, "time_zone"),
        ],
    )
    def test_refuses_what_is_not_well_formed(self, api, change, field):
        response = api.post(PATH, {**ACME, **change})

        assert (response.status_code, list(response.json()["errors"])) == (422, [field])


class TestDetail:
    def test_is_configured_under_an_etag(self, api):
        path = f"{PATH}/{TenantFactory().id}"
        old = api.get(path)["ETag"]

        changed = api.patch(path, {"name": "Acme Holdings"}, content_type="application/json")
        stale = api.patch(path, {"name": "Acme"}, content_type="application/json", headers={"if-match": old})

        assert changed.json()["data"]["name"] == "Acme Holdings"
        assert stale.status_code == 412

    def test_is_suspended_and_reinstated(self, api, member, company, client_of):
        clerk = client_of(member("clerk"))
        path = f"{PATH}/{company.id}"

        assert api.post(f"{path}/suspension", {"reason": "unpaid"}).json()["data"]["status"] == "suspended"
        refused = clerk.get("/api/v1/me")
        assert (refused.status_code, refused.json()["code"]) == (401, "access_revoked")
        assert "is suspended" in refused.json()["detail"]
        assert api.post(f"{path}/reinstatement").json()["data"]["status"] == "active"
        assert clerk.get("/api/v1/me").status_code == 200

    def test_carries_on_with_its_provisioning(self, api):
        company = queries.tenant_by_id(api.post(PATH, ACME).json()["data"]["id"])

        response = api.post(f"{PATH}/{company.id}/provisioning")

        assert response.json()["data"]["provisioning"]["finished_at"]

    def test_is_not_found_when_there_is_none(self, api):
        for noun in ("", "/suspension", "/reinstatement", "/provisioning"):
            method = api.post if noun else api.get
            assert method(f"{PATH}/{uuid7()}{noun}").status_code == 404

    @pytest.mark.parametrize("noun", ["", "/suspension", "/reinstatement", "/provisioning"])
    def test_is_closed_to_owners(self, owner, client_of, company, noun):
        method = client_of(owner).post if noun else client_of(owner).get
        response = method(f"{PATH}/{company.id}{noun}")

        assert (response.status_code, response.json()["code"]) == (403, "missing_permission")
