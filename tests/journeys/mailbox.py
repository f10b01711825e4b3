"""The outbox of development as a mailbox."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.journeys.browsing import Visitor
from tests.journeys.waiting import until


def follow(visitor: Visitor, email: str, subject: str, link: str) -> Page:
    """Open the newest message to somebody with this subject once it is there, and follow a link in its frame, to
    another tab.
    """
    mailbox = visitor.open("/mail/")
    message = mailbox.get_by_role("row").filter(has_text=email).get_by_role("link", name=subject).first
    until(lambda: message.is_visible() or not mailbox.reload(), f"a mail about {subject}")
    message.click()
    with visitor.context.expect_page() as opened:
        mailbox.frame_locator("iframe").get_by_role("link", name=link).click()
    return opened.value


def join(visitor: Visitor, tenant: str, account: dict[str, str]) -> Page:
    """Accept the newest invitation to a tenant and choose a password; returns the page that asks for it."""
    page = follow(visitor, account["email"], f"invites you to {tenant}", "Accept the invitation")
    page.get_by_label("New password").fill(account["password"])
    page.get_by_label("The same again").fill(account["password"])
    page.get_by_role("button", name="Join").click()
    expect(page.get_by_role("heading", name="Sign in", exact=True)).to_be_visible()
    return page
