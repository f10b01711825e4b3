"""Somebody's time in a company, from the invitation on, with the outbox of development as the mailbox."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.browsing import Visitor, toast
from tests.journeys.mailbox import follow, join

pytestmark = pytest.mark.browser


def test_a_person_joins_by_mail_forgets_a_password_gets_other_roles_is_removed_and_comes_back(signed_in, visitor):
    mark = uuid4().hex[:6]
    name, account = f"Nora {mark}", {"email": f"nora.{mark}@acme.example", "password": "eleven slow carousels"}
    owner, nora = signed_in("owner"), visitor()
    invite(owner, name, account["email"])
    nora.page = join(nora, "Acme Trading", account)
    nora.give_password(account)
    expect(nora.page.get_by_role("heading", name="Dashboard")).to_be_visible()

    account["password"] = "nine green umbrellas"
    choose_another_password(visitor(), account)
    page = nora.open("/orders/")  # where she was signed in, she no longer is
    expect(page.get_by_role("heading", name="Sign in", exact=True)).to_be_visible()
    nora.give_password(account)
    expect(page.get_by_role("link", name="New order")).to_be_visible()

    page = owner.open("/people/")
    page.get_by_role("link", name=name).first.click()
    page.get_by_role("checkbox", name=re.compile("^Clerk")).uncheck()
    page.get_by_role("checkbox", name=re.compile("^Viewer")).check()
    page.get_by_role("button", name="Save roles").click()
    toast(page, f"Changed the roles of {name}")
    nora.open("/orders/new", status=403)

    page.get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    toast(page, f"Removed {name}")
    nora.open("/orders/")  # where she was signed in, she no longer is
    with nora.expecting(403):
        nora.give_password(account)
        expect(nora.page.get_by_text("belongs to no company here")).to_be_visible()

    page = owner.open("/people/?state=deleted")
    page.get_by_role("button", name=f"Restore {name}").first.click()
    toast(page, f"{name} is back")
    again = visitor()
    again.sign_in(account, "/orders/")
    expect(again.page.get_by_role("heading", name="Orders", exact=True)).to_be_visible()
    is_told_by_the_audit(owner.open("/audit/?entity=Membership"), name)


def invite(owner: Visitor, name: str, email: str) -> None:
    page = owner.open("/people/invite")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("checkbox", name=re.compile("^Clerk")).check()
    page.get_by_role("button", name="Invite").click()
    expect(page.get_by_role("heading", name=f"{name} is invited")).to_be_visible()
    expect(page.get_by_text("A link to join is on its way")).to_be_visible()


def choose_another_password(forgetful: Visitor, account: dict[str, str]) -> None:
    page = forgetful.open("/sign-in/forgotten/")
    page.get_by_label("Email address").fill(account["email"])
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_role("heading", name="Look into your mail")).to_be_visible()
    page = follow(forgetful, account["email"], "Choose a new password", "Choose a new password")
    page.get_by_label("New password").fill(account["password"])
    page.get_by_label("The same again").fill(account["password"])
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_role("heading", name="Your password is changed")).to_be_visible()


def is_told_by_the_audit(page: Page, name: str) -> None:
    link = page.get_by_role("link", name=f"Membership {name}")
    changes = page.get_by_role("list", name="Changes").get_by_role("listitem").filter(has=link)
    for action in ("Created", "Updated", "Deleted", "Restored"):
        expect(changes.get_by_text(action, exact=True).first).to_be_visible()
    expect(changes.filter(has_text="by Olive Hart")).not_to_have_count(0)
