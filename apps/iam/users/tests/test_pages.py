"""The console's pages about people."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.utils import timezone

from apps.core.db.ids import uuid7
from apps.iam.sessions.tests.factories import SessionFactory
from apps.iam.users import queries

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(owner, browser_of):
    return browser_of(owner)


def told(response):
    return [(message.level_tag, str(message)) for message in get_messages(response.wsgi_request)]


class TestPeople:
    def test_lists_them(self, browser, member):
        member("clerk", name="Zoë Blum")

        response = browser.get("/people/?q=&role=clerk&state=")

        assert "Zoë Blum" in response.content.decode()
        assert [person["name"] for person in response.context["people"]] == ["Zoë Blum"]

    def test_says_when_they_were_last_here_themselves(self, browser, owner, member, company, other_tenant_id):
        here, elsewhere = member("clerk", name="Here"), member("clerk", name="Elsewhere")
        moment = timezone.now() - timedelta(hours=2)
        SessionFactory(user_id=here.user_id, user=None, tenant_id=company.id, last_seen_at=moment - timedelta(days=1))
        SessionFactory(user_id=here.user_id, user=None, tenant_id=company.id, last_seen_at=moment)
        SessionFactory(user_id=elsewhere.user_id, user=None, tenant_id=other_tenant_id)
        acted = {"kind": "impersonation", "impersonator_id": owner.user_id, "reason": "help"}
        own = SessionFactory(user_id=owner.user_id, user=None, tenant_id=company.id)
        SessionFactory(user_id=elsewhere.user_id, user=None, tenant_id=company.id, parent=own, **acted)

        rows = {row["name"]: row["last_seen_at"] for row in browser.get("/people/").context["people"]}
        one = browser.get(f"/people/{here.user_id}/").context["person"]

        assert (rows["Here"], rows["Elsewhere"], one["last_seen_at"]) == (moment, None, moment)

    def test_says_what_is_wrong_with_a_filter(self, browser):
        response = browser.get("/people/?state=asleep")

        assert response.status_code == 200
        assert response.context["filter_errors"]

    def test_is_refused_to_clerks(self, owner, member, browser_of):
        response = browser_of(member("clerk")).get("/people/")

        assert response.status_code == 403
        assert "users.view" in response.content.decode()

    def test_sends_strangers_to_sign_in(self, company):
        response = Client().get("/people/")

        assert response.status_code == 302
        assert response["Location"].startswith("/auth/login")


class TestInvitation:
    def test_shows_the_password_once_and_keeps_it_out_of_caches(self, browser):
        response = browser.post("/people/invite", {"email": "ada@mail.example", "name": "Ada", "role": ["clerk"]})

        password = response.context["one_time_password"]
        assert password in response.content.decode()
        assert "no-store" in response["Cache-Control"]
        assert queries.user_by_email("ada@mail.example").check_password(password)

    @pytest.mark.parametrize(
        ("fields", "text"),
        [
            ({"email": "nobody"}, "valid email"),
            ({"role": []}, "at least one role"),
            ({"role": ["king"]}, "unknown: king"),
        ],
    )
    def test_shows_what_is_wrong_and_keeps_what_was_typed(self, browser, fields, text):
        response = browser.post(
            "/people/invite", {"email": "ada@mail.example", "name": "Ada", "role": ["clerk"], **fields}
        )

        assert response.status_code == 422
        assert text in response.content.decode()
        assert 'value="Ada"' in response.content.decode()

    def test_shows_the_form(self, browser):
        assert browser.get("/people/invite").status_code == 200

    def test_says_that_somebody_is_in_already(self, browser, owner):
        response = browser.post("/people/invite", {"email": owner.user.email, "name": "Olive", "role": ["clerk"]})

        assert response.status_code == 422
        assert "a member of the tenant already" in response.content.decode()


class TestPerson:
    def test_shows_roles_permissions_and_history(self, browser, member):
        clerk = member("manager", name="Max Reed")

        response = browser.get(f"/people/{clerk.user_id}/")

        assert response.status_code == 200
        assert [role["code"] for role in response.context["roles"] if role["held"]] == ["manager"]
        assert {"code": "users.view", "label": "See people", "via": ["Manager"]} in response.context["permissions"]
        assert response.context["changes"]

    def test_changes_roles(self, browser, member):
        clerk = member("clerk")

        response = browser.post(f"/people/{clerk.user_id}/roles", {"role": ["viewer", "manager"]})

        assert (response.status_code, response["Location"]) == (302, f"/people/{clerk.user_id}/")
        assert queries.member(clerk.user_id).role_codes == ["manager", "viewer"]

    def test_shows_why_roles_stay_as_they_are(self, browser, owner):
        response = browser.post(f"/people/{owner.user_id}/roles", {"role": ["viewer"]})

        assert response.status_code == 422
        assert "A tenant needs an owner" in response.content.decode()

    def test_is_removed_with_an_undo_and_comes_back(self, browser, member):
        clerk = member("clerk", name="Zoë")

        removed = browser.post(f"/people/{clerk.user_id}/deletion")
        (message,) = get_messages(removed.wsgi_request)
        shown = browser.get(f"/people/{clerk.user_id}/").content.decode()
        restored = browser.post(f"/people/{clerk.user_id}/restoration", {"next": "/people/?state=deleted"})

        assert removed["Location"] == "/people/"
        assert message.extra_tags == f"undo:/people/{clerk.user_id}/restoration"
        assert "by Olive Hart" in shown
        assert restored["Location"] == "/people/?state=deleted"
        assert queries.member(clerk.user_id).state == "active"

    def test_does_not_follow_a_foreign_address_after_restoring(self, browser, member):
        clerk = member()

        response = browser.post(f"/people/{clerk.user_id}/restoration", {"next": "https://evil.example/"})

        assert response["Location"] == f"/people/{clerk.user_id}/"

    def test_is_told_why_they_cannot_remove_themselves(self, browser, owner):
        response = browser.post(f"/people/{owner.user_id}/deletion")

        assert told(response) == [("error", "Nobody may take away their own access: ask another administrator")]

    def test_is_not_found_when_there_is_none(self, browser):
        assert browser.get(f"/people/{uuid7()}/").status_code == 404
        assert browser.post(f"/people/{uuid7()}/roles", {"role": ["clerk"]}).status_code == 404
