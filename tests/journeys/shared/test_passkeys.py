"""Passkeys in a real browser, with Chromium's virtual authenticator (the WebAuthn domain of its DevTools protocol)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, CDPSession, Page, expect

from tests.journeys.browsing import Visitor
from tests.journeys.installation import Installation

pytestmark = [pytest.mark.browser, pytest.mark.slow]
EVIL = re.compile(r"^https://evil\.example/")


class Authenticator:
    """A phone, as the browser of a visitor's tab sees it."""

    def __init__(self, page: Page, *, verifies: bool = True) -> None:
        self._devtools: CDPSession = page.context.new_cdp_session(page)
        self._devtools.send("WebAuthn.enable", {"enableUI": False})
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": verifies,
            "automaticPresenceSimulation": True,
        }
        self.id = self._send("addVirtualAuthenticator", options=options)["authenticatorId"]

    def credentials(self) -> list[dict[str, Any]]:
        return list(self._send("getCredentials", authenticatorId=self.id)["credentials"])

    def add(self, credential: dict[str, Any]) -> None:
        """Give it a passkey: a copy of another's, say."""
        self._send("addCredential", authenticatorId=self.id, credential=credential)

    def _send(self, command: str, **parameters: Any) -> Any:
        return self._devtools.send(f"WebAuthn.{command}", parameters)


def dashboard(page: Page) -> None:
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()


def sign_out(page: Page) -> None:
    page.get_by_role("button", name="Your account").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()


@dataclass(frozen=True)
class Passkey:
    """Somebody's, as it was when it was made, and the recovery codes they got with it."""

    account: dict[str, str]
    credential: dict[str, Any]
    codes: list[str]

    def on_phone_of(self, person: Visitor, *, uses: int = 0, verifies: bool = True) -> Authenticator:
        """A phone with this passkey, which was used so often since."""
        person.open("/auth/signed-out")
        phone = Authenticator(person.page, verifies=verifies)
        phone.add({**self.credential, "signCount": self.credential["signCount"] + uses})
        return phone


@pytest.fixture(scope="module")
def passkey(chromium: Browser, platform: Installation) -> Passkey:
    """Signs in by password, and adds a passkey on the security page."""
    account, manager = platform.account("globex", "manager"), Visitor(chromium, platform.base_url)
    page = manager.sign_in(account)
    dashboard(page)
    phone = Authenticator(page)
    manager.open("/account/security/")
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Name").fill("The manager's phone")
    page.get_by_role("button", name="Create a passkey").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    codes = page.locator(".codes li").all_inner_texts()
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_text("The manager's phone")).to_be_visible()
    [credential] = phone.credentials()
    manager.close()
    return Passkey(account, credential, codes)


class TestPasskey:
    def test_signs_in_without_email_or_password_until_a_clone_of_it_was_used(self, visitor, passkey):
        manager, thief = visitor(), visitor()
        phone = passkey.on_phone_of(manager)
        # The autofill of the sign-in page offers it, and the virtual authenticator takes the offer.
        signs_in(manager)
        [used] = phone.credentials()
        assert used["isResidentCredential"]
        assert used["signCount"] > passkey.credential["signCount"]
        sign_out(manager.page)

        passkey.on_phone_of(thief, uses=10)
        signs_in(thief)

        # The owner's own counter knows nothing of that.
        with manager.expecting(422):
            manager.page.goto("/orders/")
            expect(manager.page.get_by_text("The passkey could not be verified")).to_be_visible()
        assert manager.path == "/sign-in/passkey/"

    def test_is_not_used_by_whoever_cannot_unlock_the_phone(self, visitor, passkey):
        finder = visitor()
        passkey.on_phone_of(finder, verifies=False)

        page = finder.open("/orders/")
        page.get_by_role("button", name="Use a passkey instead").click()

        expect(page.locator("[data-passkey-error]")).to_be_visible()
        assert finder.path == "/sign-in/"

    def test_does_not_work_at_another_origin(self, visitor, passkey):
        """The browser itself keeps it from a page that is not ours."""
        manager = visitor()
        phone = passkey.on_phone_of(manager)
        assert phone.credentials()

        evil = manager.page
        evil.route(EVIL, lambda route: route.fulfill(body="<h1>evil</h1>", content_type="text/html"))
        evil.goto("https://evil.example/")
        refused = evil.evaluate(
            """() => navigator.credentials.get({publicKey: {challenge: new Uint8Array(32), rpId: "localhost"}})
                 .then(() => "taken", (error) => error.name)"""
        )

        assert refused == "SecurityError"


class TestSecondStep:
    def test_follows_the_password_of_whoever_has_a_passkey(self, visitor, passkey):
        assert len(passkey.codes) == 10

        page = visitor().sign_in(passkey.account)
        expect(page.get_by_role("heading", name="Confirm that it is you")).to_be_visible()
        page.get_by_text("Use a recovery code").click()
        page.get_by_label("Recovery code").fill(passkey.codes[0])
        page.get_by_role("button", name="Use this code").click()

        dashboard(page)


def signs_in(person: Visitor) -> None:
    person.page.goto("/orders/")
    expect(person.page.get_by_role("heading", name="Orders", exact=True)).to_be_visible()
