"""Exports over REST."""

from __future__ import annotations

import hashlib

import pytest
from django.utils import timezone

from apps.core.db.ids import uuid7
from apps.core.tenancy import PLATFORM, tenant
from apps.iam.audit.events import SecurityEventRecorded
from apps.iam.exports import commands
from apps.iam.users import commands as users
from apps.iam.users.tests.factories import UserFactory
from tests.callers import Caller

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(owner, client_of):
    return client_of(owner)


def make(response):
    commands.make_export(export_id=response.json()["data"]["id"], now=timezone.now())
    return response


class TestCompany:
    def test_is_asked_for_made_and_fetched(self, api, company, published):
        asked = make(api.post("/api/v1/tenant/export"))
        found = api.get(asked["Location"])
        file = api.get(asked["Location"] + "/file")

        assert (asked.status_code, asked.json()["data"]["state"]) == (202, "queued")
        assert (found.json()["data"]["state"], found.json()["data"]["progress"]) == ("ready", 100)
        content = b"".join(file.streaming_content)
        assert hashlib.sha256(content).hexdigest() == found.json()["data"]["sha256"]
        assert "attachment" in file["Content-Disposition"]
        assert "no-store" in file["Cache-Control"]
        told = [one.details["step"] for one in published if isinstance(one, SecurityEventRecorded)]
        assert told == ["requested", "downloaded"]

    def test_cannot_be_fetched_before_it_is_there(self, api):
        asked = api.post("/api/v1/tenant/export")

        response = api.get(asked["Location"] + "/file")

        assert (response.status_code, response.json()["code"]) == (409, "export_not_ready")

    def test_is_refused_to_managers(self, owner, member, client_of):
        response = client_of(member("manager")).post("/api/v1/tenant/export")

        assert (response.status_code, response.json()["permission"]) == (403, "tenant.export")

    def test_is_listed_for_owners_and_for_whoever_asked(self, api, member, client_of):
        asked = api.post("/api/v1/tenant/export").json()["data"]["id"]

        assert [one["id"] for one in api.get("/api/v1/exports").json()["data"]] == [asked]
        assert client_of(member("clerk")).get("/api/v1/exports").json()["data"] == []

    @pytest.mark.parametrize("tail", ["", "/file"])
    def test_is_not_found_in_another_company(self, api, other_company, member, client_of, tail):
        asked = make(api.post("/api/v1/tenant/export"))
        with tenant(other_company.id):
            stranger = client_of(member("owner"))

        assert stranger.get(asked["Location"] + tail).status_code == 404
        assert api.get(f"/api/v1/exports/{uuid7()}{tail}").status_code == 404

    def test_is_out_of_reach_for_who_lost_the_right(self, member, client_of, by_owner):
        deputy = member("owner")
        asked = make(client_of(deputy).post("/api/v1/tenant/export"))
        person = make(client_of(deputy).post(f"/api/v1/users/{member('clerk').user_id}/export"))
        users.change_roles(user_id=deputy.user_id, roles_held=["manager"], actor=by_owner, now=timezone.now())

        for path in (asked["Location"], person["Location"]):
            assert client_of(deputy).get(path).status_code == 404
            assert client_of(deputy).get(path + "/file").status_code == 404


class TestPerson:
    def test_asks_for_their_own(self, owner, member, client_of):
        zoe = member("clerk")
        clerk = client_of(zoe)
        assert clerk.get("/api/v1/me/export").status_code == 404

        asked = make(clerk.post("/api/v1/me/export"))

        assert (asked.status_code, asked.json()["data"]["subject_name"]) == (202, zoe.user.name)
        assert clerk.get("/api/v1/me/export").json()["data"]["state"] == "ready"
        assert clerk.get(asked["Location"] + "/file").status_code == 200

    def test_is_exported_by_an_owner(self, api, member):
        clerk = member("clerk")

        asked = make(api.post(f"/api/v1/users/{clerk.user_id}/export"))

        assert api.get(asked["Location"] + "/file").status_code == 200
        assert api.post(f"/api/v1/users/{uuid7()}/export").status_code == 404

    def test_is_not_exported_by_a_manager(self, owner, member, client_of):
        response = client_of(member("manager")).post(f"/api/v1/users/{owner.user_id}/export")

        assert (response.status_code, response.json()["permission"]) == (403, "users.export")


class TestStaff:
    @pytest.fixture
    def staff(self):
        sam = UserFactory(is_platform_staff=True, name="Sam")
        return Caller(sam.id, PLATFORM, "", sam.email).client()

    def test_export_a_company(self, staff, company):
        asked = staff.post(f"/api/v1/tenants/{company.id}/exports")
        with tenant(company.id):
            make(asked)

        path = asked["Location"]
        assert path.startswith(f"/api/v1/tenants/{company.id}/exports/")
        assert staff.get(path).json()["data"]["state"] == "ready"
        assert staff.get(f"/api/v1/tenants/{company.id}/exports").json()["data"][0]["requested_by_name"] == "Sam"
        assert staff.get(path + "/file").status_code == 200

    def test_see_no_export_about_a_person(self, staff, api, company):
        own = api.post("/api/v1/me/export").json()["data"]["id"]

        assert staff.get(f"/api/v1/tenants/{company.id}/exports").json()["data"] == []
        assert staff.get(f"/api/v1/tenants/{company.id}/exports/{own}").status_code == 404

    def test_have_an_export_of_their_own(self, staff):
        asked = staff.post("/api/v1/me/export")
        with tenant(PLATFORM):
            make(asked)

        assert staff.get(asked["Location"] + "/file").status_code == 200
