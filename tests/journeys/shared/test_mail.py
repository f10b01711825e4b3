"""By mail into the platform: an invitation and a forgotten password, with the outbox of development as the mailbox."""

from __future__ import annotations

from uuid import uuid4

import pytest
from playwright.sync_api import expect

from tests.journeys.mailbox import follow, join

pytestmark = pytest.mark.browser


class TestMail:
    def test_lets_somebody_in_who_may_forget_their_password(self, signed_in, visitor):
        email, owner = f"grace.{uuid4().hex[:8]}@mail.example", signed_in("owner")
        page = owner.open("/people/invite")
        page.get_by_label("E-mail").fill(email)
        page.get_by_label("Name", exact=True).fill("Grace Hopper")
        page.get_by_label("Clerk").check()
        page.get_by_role("button", name="Invite").click()
        expect(page.get_by_text("A link to join is on its way")).to_be_visible()

        grace = visitor()
        account = {"email": email, "password": "seven quiet lighthouses"}
        grace.page = join(grace, "Acme Trading", account)
        page = grace.give_password(account)
        expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()

        forgetful = visitor()
        page = forgetful.open("/sign-in/forgotten/")
        page.get_by_label("Email address").fill(email)
        page.get_by_role("button", name="Send the link").click()
        expect(page.get_by_role("heading", name="Look into your mail")).to_be_visible()
        page = follow(forgetful, email, "Choose a new password", "Choose a new password")
        page.get_by_label("New password").fill("nine green umbrellas")
        page.get_by_label("The same again").fill("nine green umbrellas")
        page.get_by_role("button", name="Change password").click()
        expect(page.get_by_role("heading", name="Your password is changed")).to_be_visible()

        page = grace.open("/orders/")  # where she was signed in, she no longer is
        expect(page.get_by_role("heading", name="Sign in", exact=True)).to_be_visible()
        grace.give_password({"email": email, "password": "nine green umbrellas"})
        expect(page.get_by_role("heading", name="Orders", exact=True)).to_be_visible()
