"""A company's own settings, over REST and in the console."""

from __future__ import annotations

import pytest
from django.contrib.messages import get_messages

from apps.iam.approvals.kinds import all_kinds
from apps.iam.tenants import queries

pytestmark = pytest.mark.django_db
PATH = "/api/v1/tenant"


@pytest.fixture
def api(owner, client_of):
    return client_of(owner)


def patch(client, values, **extra):
    return client.patch(PATH, values, content_type="application/json", **extra)


class TestApi:
    def test_shows_the_settings_to_everybody(self, company, member, client_of):
        data = client_of(member("viewer")).get(PATH).json()["data"]

        assert (data["version"], data["settings"]["name"]) == (0, company.name)
        assert data["settings"]["allowed_email_domains"] == []

    def test_changes_them_under_an_etag(self, api):
        first = patch(api, {"time_zone": "Europe/London", "reason": "head office"})
        stale = patch(api, {"colour": "#111111"}, headers={"if-match": '"v0"'})
        fresh = patch(api, {"colour": "#111111"}, headers={"if-match": first["ETag"]})

        assert (first.status_code, first.json()["data"]["version"]) == (200, 1)
        assert stale.status_code == 412
        assert fresh.json()["data"]["settings"]["time_zone"] == "Europe/London"

    def test_says_what_is_wrong(self, api):
        response = patch(api, {"time_zone": "Mars/Base"})

        assert (response.status_code, list(response.json()["errors"])) == (422, ["time_zone"])

    def test_is_refused_to_managers(self, owner, member, client_of):
        response = patch(client_of(member("manager")), {"colour": "#111111"})

        assert (response.status_code, response.json()["permission"]) == (403, "tenant.configure")

    def test_asks_a_second_person_about_the_rules_for_approvals(self, api, member):
        member("owner")

        response = patch(api, {"approvals": {"roles.assign_owner": "never"}})

        assert response.status_code == 202
        assert response.json()["data"]["kind"] == "tenant.change_approvals"

    def test_lists_versions_and_goes_back(self, api):
        patch(api, {"colour": "#111111"})
        patch(api, {"colour": "#222222"})

        versions = api.get(f"{PATH}/versions").json()["data"]
        back = api.post(f"{PATH}/restoration", {"number": 1})

        assert [(one["number"], one["changed"]) for one in versions] == [(2, ["colour"]), (1, ["colour"])]
        assert (back.status_code, back.json()["data"]["settings"]["colour"]) == (200, "#111111")
        assert api.post(f"{PATH}/restoration", {"number": 9}).status_code == 404


class TestPage:
    FIELDS = {
        "default_currency": "GBP",
        "locale": "en-GB",
        "time_zone": "Europe/London",
        "retention_days": "365",
        **{f"rule:{kind.code}": "when_possible" for kind in all_kinds() if kind.has_rule and not kind.always},
    }

    def test_saves(self, browser_of, owner, company):
        browser = browser_of(owner)
        assert browser.get("/settings/").status_code == 200

        response = browser.post(
            "/settings/",
            {**self.FIELDS, "name": "Acme", "allowed_email_domains": "acme.example\nACME.test", "version": "0"},
        )

        assert response["Location"] == "/settings/"
        assert queries.current_configuration().values.allowed_email_domains == ("acme.example", "acme.test")
        assert "In force" in browser.get("/settings/").content.decode()

    def test_shows_what_is_wrong_beside_the_field(self, browser_of, owner):
        response = browser_of(owner).post("/settings/", {**self.FIELDS, "name": "Acme", "colour": "red"})

        assert response.status_code == 422
        assert "six hexadecimal digits" in response.content.decode()

    def test_says_that_somebody_was_faster(self, browser_of, owner):
        browser = browser_of(owner)
        browser.post("/settings/", {**self.FIELDS, "name": "Acme", "version": "0"})

        response = browser.post("/settings/", {**self.FIELDS, "name": "Bcme", "version": "0"})

        assert response.status_code == 422
        assert "Somebody else changed the settings" in response.content.decode()

    def test_asks_a_second_person_about_the_rules(self, browser_of, owner, company, member):
        member("owner")

        response = browser_of(owner).post(
            "/settings/", {**self.FIELDS, "name": company.name, "rule:roles.assign_owner": "never"}
        )

        assert response["Location"].startswith("/approvals/")

    def test_goes_back(self, browser_of, owner):
        browser = browser_of(owner)
        browser.post("/settings/", {**self.FIELDS, "name": "Acme"})
        browser.post("/settings/", {**self.FIELDS, "name": "Bcme"})

        response = browser.post("/settings/versions/1/restoration")
        missing = browser.post("/settings/versions/7/restoration")

        assert queries.current_configuration().values.name == "Acme"
        assert [m.level_tag for m in get_messages(response.wsgi_request)] == ["success"]
        assert [m.level_tag for m in get_messages(missing.wsgi_request)] == ["error"]

    def test_is_closed_to_managers(self, browser_of, owner, member):
        assert browser_of(member("manager")).get("/settings/").status_code == 403
