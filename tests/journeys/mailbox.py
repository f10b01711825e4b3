"""The outbox of development as a mailbox."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.journeys.browsing import Visitor
from tests.journeys.waiting import until


def follow(visitor: Visitor, subject: str, link: str) -> Page:
    """Open the newest message with this subject once it is there, and follow a link in its frame, to another tab."""
    mailbox = visitor.open("/mail/")
    message = mailbox.get_by_role("link", name=subject).first
    until(lambda: mailbox.reload() is not None and message.is_visible(), f"a mail about {subject}")
    message.click()
    with visitor.context.expect_page() as opened:
        mailbox.frame_locator("iframe").get_by_role("link", name=link).click()
    return opened.value


def join(visitor: Visitor, tenant: str, password: str) -> Page:
    """Accept the newest invitation to a tenant and choose a password; returns the page that asks for it."""
    page = follow(visitor, f"invites you to {tenant}", "Accept the invitation")
    page.get_by_label("New password").fill(password)
    page.get_by_label("The same again").fill(password)
    page.get_by_role("button", name="Join").click()
    expect(page.get_by_role("heading", name="Sign in", exact=True)).to_be_visible()
    return page
