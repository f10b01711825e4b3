from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from apps.core.embedded import ports
from tests.journeys.browsing import CHROMIUM, TIMEOUT_MS, Visitor, launched
from tests.journeys.client import ApiClient
from tests.journeys.installation import Installation, installed

Visit = Callable[..., Visitor]
expect.set_options(timeout=TIMEOUT_MS)


@pytest.fixture(scope="package")
def platform(first_start: Path) -> Iterator[Installation]:
    """One platform for the files of this folder. They leave its companies and the demonstration's people as they were:
    what a file adds is its own, found by names that nobody else uses. globex's manager
    is that of test_passkeys.py, and its viewer, who joins acme, that of test_company.py.

    At localhost: an IP address has no passkeys.
    """
    port = str(ports.any_free())
    with installed(first_start, PORT=port, BASE_URL=f"http://localhost:{port}") as installation:
        yield installation.start()


@pytest.fixture(scope="module")
def acme(platform: Installation) -> Iterator[ApiClient]:
    """acme's API client, with a manager's permissions."""
    client = ApiClient.of(platform)
    yield client
    client.close()


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    if not CHROMIUM:
        pytest.skip("no Chromium here: install it, or name one with CHROMIUM=/path/to/it")
    with sync_playwright() as playwright:
        browser = launched(playwright)
        yield browser
        browser.close()


@pytest.fixture
def visitor(chromium: Browser, platform: Installation) -> Iterator[Visit]:
    """`visitor()`: somebody nobody knows yet. Afterwards, nothing may have gone wrong on any page."""
    visitors: list[Visitor] = []

    def come(cookies: list[dict] | None = None) -> Visitor:
        visitors.append(Visitor(chromium, platform.base_url, cookies))
        return visitors[-1]

    yield come
    for one in visitors:
        one.close()


@pytest.fixture(scope="package")
def _sessions() -> dict[tuple[str, str], list[dict]]:
    return {}


@pytest.fixture
def signed_in(visitor: Visit, platform: Installation, _sessions: dict[tuple[str, str], list[dict]]) -> Visit:
    """`signed_in("manager")`: a visitor who has signed in, once for all tests unless one of them ended the session."""

    def come(role: str, slug: str = "acme") -> Visitor:
        arrived = visitor(_sessions.get((slug, role)))
        if not arrived.is_signed_in:
            arrived.context.clear_cookies()
            arrived.sign_in(platform.account(slug, role))
            expect(arrived.page.get_by_role("heading", name="Dashboard")).to_be_visible()
            _sessions[slug, role] = arrived.context.cookies()
        return arrived

    return come
