"""The console's pages about sessions."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.core.tenancy import tenant
from apps.iam.sessions.models import Session
from tests.callers import Caller

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser_in(company):
    """A client that gets pages in a session."""

    def browser(session):
        token = Caller(session.user_id, company.id, "", "").token(sid=str(session.id))
        return Client(headers={"authorization": f"Bearer {token}", "accept": "text/html"})

    return browser


def is_live(session):
    return Session.objects.get(id=session.id).ended_at is None


class TestMine:
    def test_show_every_device_and_mark_this_one(self, member, session_of, browser_in):
        ada = member()
        here = session_of(ada)
        session_of(ada, device="Safari on iPhone", name="<b>Phone</b>")

        page = browser_in(here).get("/account/sessions/").content.decode()

        assert "Firefox on Linux" in page
        assert "&lt;b&gt;Phone&lt;/b&gt;" in page
        assert page.count("this device") == 1
        assert 'aria-label="Your account"' in page

    def test_can_be_named(self, member, session_of, browser_in):
        here = session_of(member())

        response = browser_in(here).post(f"/account/sessions/{here.id}/name", {"name": "Laptop"})

        assert (response.status_code, response.url) == (302, "/account/sessions/")
        assert Session.objects.get(id=here.id).name == "Laptop"

    def test_can_be_ended(self, member, session_of, browser_in):
        ada = member()
        here, there, third = session_of(ada), session_of(ada), session_of(ada)

        browser_in(here).post(f"/account/sessions/{there.id}/end")
        assert not is_live(there)
        assert is_live(third)

        browser_in(here).post("/account/sessions/end-others")
        assert not is_live(third)
        assert is_live(here)

    def test_of_somebody_else_stay(self, member, session_of, browser_in):
        here, theirs = session_of(member()), session_of(member())

        browser_in(here).post(f"/account/sessions/{theirs.id}/end")

        assert is_live(theirs)

    def test_say_so_when_the_caller_has_none(self, member, company):
        ada = member()
        token = Caller(ada.user_id, company.id, "", "").token()

        page = Client(headers={"authorization": f"Bearer {token}"}).get("/account/sessions/")

        assert "No sessions" in page.content.decode()


class TestOfAMember:
    def test_are_a_panel_on_the_persons_page(self, owner, member, session_of, browser_in):
        ada = member(name="Ada King")
        session_of(ada, address="198.51.100.4")
        browser = browser_in(session_of(owner))

        person = browser.get(f"/people/{ada.user_id}/").content.decode()
        panel = browser.get(f"/people/{ada.user_id}/sessions/").content.decode()

        assert f'hx-get="/people/{ada.user_id}/sessions/"' in person
        assert "198.51.100.4" in panel
        assert 'id="sessions"' in panel

    def test_can_be_ended(self, owner, member, session_of, browser_in):
        ada = member()
        one, other = session_of(ada), session_of(ada)
        browser = browser_in(session_of(owner))

        browser.post(f"/people/{ada.user_id}/sessions/{one.id}/end")
        assert not is_live(one)
        assert is_live(other)

        browser.post(f"/people/{ada.user_id}/sessions/end")
        assert not is_live(other)

    def test_of_an_owner_stay_when_a_manager_tries(self, owner, member, session_of, browser_in):
        session = session_of(owner)
        browser = browser_in(session_of(member("manager")))

        response = browser.post(f"/people/{owner.user_id}/sessions/end")

        assert response.status_code == 302
        assert is_live(session)

    def test_are_refused_to_clerks(self, owner, member, session_of, browser_in):
        browser = browser_in(session_of(member("clerk")))

        assert browser.get(f"/people/{owner.user_id}/sessions/").status_code == 403
        assert browser.post(f"/people/{owner.user_id}/sessions/end").status_code == 403


class TestMyTenants:
    def test_offer_the_others_and_mark_this_one(self, company, other_company, member, session_of, browser_in):
        ada = member()
        with tenant(other_company.id):
            member(user=ada.user)

        page = browser_in(session_of(ada)).get("/account/tenants/").content.decode()

        assert f'value="{other_company.slug}"' in page
        assert f'value="{company.slug}"' not in page
        assert "you are here" in page
