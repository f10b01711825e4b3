"""Sessions in the browser: what an open page learns, acting as somebody, from one company into another."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.browsing import Visitor, toast
from tests.journeys.waiting import until

pytestmark = pytest.mark.browser


def listening(visitor: Visitor, path: str) -> Page:
    """A page that has connected to the stream of news."""
    with visitor.page.expect_response("**/events/stream") as connected:
        visitor.open(path)
    assert connected.value.ok
    return visitor.page


def page_of(email: str, visitor: Visitor) -> str:
    """The path of a person's page."""
    rows = visitor.context.request.get("/api/v1/users?limit=200").json()["data"]
    return f"/people/{next(row['id'] for row in rows if row['email'] == email)}/"


class TestSessionThatIsEndedElsewhere:
    def test_is_told_on_the_page_that_is_open_and_leads_back_to_it(self, visitor, platform):
        clerk, elsewhere = platform.account("acme", "clerk"), visitor()
        here = visitor()
        here.sign_in(clerk)
        page = listening(here, "/orders/?status=placed")
        elsewhere.sign_in(clerk, "/account/sessions/")
        elsewhere.page.get_by_role("button", name="Sign out everywhere else").click()
        elsewhere.page.get_by_role("dialog").get_by_role("button", name="Sign out").click()
        toast(elsewhere.page, "Signed out everywhere else")

        dialog = page.get_by_role("dialog", name="You are signed out")
        expect(dialog).to_be_visible()
        dialog.get_by_role("button", name="Sign in again").click()
        here.give_password(clerk)

        expect(page.get_by_role("heading", name="Orders", exact=True)).to_be_visible()
        assert page.url.endswith("/orders/?status=placed")

    def test_leaves_nothing_of_it_in_the_gateway(self, signed_in):
        """The worker tells the gateway by a logout token; until then its tokens are refused already."""
        viewer, admin = signed_in("viewer"), signed_in("owner")
        admin.open(page_of("viewer@acme.example", admin))

        panel = admin.page.get_by_role("region", name="Sessions")
        panel.get_by_role("button", name="Sign out everywhere").click()

        toast(admin.page, "Signed out everywhere")
        assert viewer.context.request.get("/api/v1/me").status == 401
        until(lambda: not viewer.is_signed_in, "the gateway has forgotten the session")


class TestActingAs:
    def test_shows_what_the_person_sees_under_a_banner_until_it_is_stopped(self, signed_in):
        owner = signed_in("owner")
        page = owner.open(page_of("viewer@acme.example", owner))

        page.get_by_role("button", name="Act as").click()
        dialog = page.get_by_role("dialog", name="Act as Victor Stone?")
        dialog.get_by_label("Reason").fill("Ticket 4711")
        dialog.get_by_role("button", name="Act as this person").click()

        banner = page.get_by_text("You act as Victor Stone (really Olive Hart)")
        expect(banner).to_be_visible()
        expect(page.get_by_role("link", name="People")).to_have_count(0)
        owner.open("/products/")
        expect(banner).to_be_visible()
        owner.open("/people/", status=403)
        owner.open("/account/sessions/", status=403)
        expect(banner).to_be_visible()
        page.get_by_role("button", name="Stop").click()

        toast(page, "You no longer act as Victor Stone")
        expect(page.get_by_role("heading", name="Victor Stone")).to_be_visible()
        expect(banner).to_have_count(0)

    def test_is_seen_and_ended_by_the_person(self, signed_in, visitor, platform):
        owner, clara = signed_in("owner"), visitor()
        page = owner.open(page_of("clerk@acme.example", owner))
        page.get_by_role("button", name="Act as").click()
        page.get_by_label("Reason").fill("Ticket 4712")
        with page.expect_response("**/events/stream"):
            page.get_by_role("button", name="Act as this person").click()
        expect(page.get_by_text("You act as Clara Finch")).to_be_visible()

        clara.sign_in(platform.account("acme", "clerk"), "/account/sessions/")
        entry = clara.page.get_by_role("listitem").filter(has_text="Olive Hart acts as Clara Finch")
        expect(entry).to_contain_text("Ticket 4712")
        entry.get_by_role("button", name="End").click()
        toast(clara.page, "Signed out there")

        told = page.get_by_role("dialog", name="You no longer act as Clara Finch")
        expect(told).to_be_visible()
        told.get_by_role("button", name="Go on as yourself").click()
        expect(page.get_by_role("button", name="Your account: Olive Hart")).to_be_visible()
        expect(page.get_by_text("You act as")).to_have_count(0)
