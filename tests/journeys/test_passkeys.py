"""Passkeys in a real browser, with Chromium's virtual authenticator (the WebAuthn domain of its DevTools protocol).

At localhost: an IP address has no passkeys.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, CDPSession, Page, expect

from apps.core.embedded import ports
from tests.journeys.browsing import Visitor
from tests.journeys.installation import Installation, installed

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SECURITY = "/account/security/"
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

    def verify(self, works: bool) -> None:
        """Whether the finger is recognised from now on."""
        self._send("setUserVerified", authenticatorId=self.id, isUserVerified=works)

    def _send(self, command: str, **parameters: Any) -> Any:
        return self._devtools.send(f"WebAuthn.{command}", parameters)


@pytest.fixture(scope="module")
def here(first_start: Path) -> Iterator[Installation]:
    """A platform at localhost."""
    port = str(ports.any_free())
    with installed(first_start, PORT=port, BASE_URL=f"http://localhost:{port}") as installation:
        yield installation.start()


@pytest.fixture
def come(chromium: Browser, here: Installation) -> Iterator[Any]:
    """`come()`: somebody with a browser of their own. Afterwards, nothing may have gone wrong on any page."""
    visitors: list[Visitor] = []

    def visitor() -> Visitor:
        visitors.append(Visitor(chromium, here.base_url))
        return visitors[-1]

    yield visitor
    for one in visitors:
        one.close()


def dashboard(page: Page) -> None:
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()


def register(person: Visitor, account: dict[str, str], name: str = "Phone") -> Authenticator:
    """Sign in by password and add a passkey on the security page."""
    page = person.sign_in(account)
    dashboard(page)
    phone = Authenticator(page)
    person.open(SECURITY)
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Create a passkey").click()
    return phone


def codes_on(page: Page) -> list[str]:
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    return page.locator(".codes li").all_inner_texts()


def sign_out(page: Page) -> None:
    page.get_by_role("button", name="Your account").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()


class TestPasskey:
    def test_is_registered_then_signs_in_without_email_or_password(self, come, here):
        manager = come()
        phone = register(manager, here.account("acme", "manager"), "Max's phone")
        page = manager.page
        assert len(codes_on(page)) == 10
        page.get_by_role("link", name="I have kept them").click()
        expect(page.get_by_text("Max's phone")).to_be_visible()
        sign_out(page)

        # The autofill of the sign-in page offers it, and the virtual authenticator takes the offer.
        manager.page.goto("/orders/")

        expect(page.get_by_role("heading", name="Orders", exact=True)).to_be_visible()
        [kept] = phone.credentials()
        assert kept["isResidentCredential"]
        assert kept["signCount"] > 1

    def test_is_refused_when_it_was_cloned(self, come, here):
        clerk = come()
        phone = register(clerk, here.account("acme", "clerk"))
        codes_on(clerk.page)
        [original] = phone.credentials()
        thief = come()
        thief.page.goto("/auth/signed-out")
        copy = Authenticator(thief.page)
        copy.add({**original, "signCount": original["signCount"] + 10})
        thief.page.goto("/orders/")
        expect(thief.page.get_by_role("heading", name="Orders", exact=True)).to_be_visible()

        # The owner's own counter knows nothing of that.
        sign_out(clerk.open(SECURITY))
        with clerk.expecting(422):
            clerk.page.goto("/orders/")
            expect(clerk.page.get_by_text("The passkey could not be verified")).to_be_visible()

        assert clerk.path == "/sign-in/passkey/"

    def test_is_not_used_by_whoever_cannot_unlock_the_phone(self, come, here):
        owner = come()
        phone = register(owner, here.account("globex", "manager"))
        codes_on(owner.page)
        sign_out(owner.open(SECURITY))
        phone.verify(False)

        owner.page.goto("/orders/")
        owner.page.get_by_role("button", name="Use a passkey instead").click()

        expect(owner.page.locator("[data-passkey-error]")).to_be_visible()
        assert owner.path == "/sign-in/"

    def test_does_not_work_at_another_origin(self, come, here):
        """The browser itself keeps it from a page that is not ours."""
        viewer = come()
        phone = register(viewer, here.account("globex", "clerk"))
        codes_on(viewer.page)
        assert phone.credentials()

        evil = viewer.page
        evil.route(EVIL, lambda route: route.fulfill(body="<h1>evil</h1>", content_type="text/html"))
        evil.goto("https://evil.example/")
        refused = evil.evaluate(
            """() => navigator.credentials.get({publicKey: {challenge: new Uint8Array(32), rpId: "localhost"}})
                 .then(() => "taken", (error) => error.name)"""
        )

        assert refused == "SecurityError"


class TestSecondStep:
    def test_follows_the_password_of_whoever_has_a_passkey(self, come, here):
        owner = come()
        account = here.account("globex", "owner")
        register(owner, account)
        codes = codes_on(owner.page)
        elsewhere = come()

        page = elsewhere.sign_in(account)
        expect(page.get_by_role("heading", name="Confirm that it is you")).to_be_visible()
        page.get_by_text("Use a recovery code").click()
        page.get_by_label("Recovery code").fill(codes[0])
        page.get_by_role("button", name="Use this code").click()

        dashboard(page)
