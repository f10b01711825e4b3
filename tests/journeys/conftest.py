from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.journeys.browsing import CHROMIUM, TIMEOUT_MS, Visitor, launched
from tests.journeys.client import ApiClient
from tests.journeys.installation import Installation, first_start_in, installed

Visit = Callable[..., Visitor]
expect.set_options(timeout=TIMEOUT_MS)


@pytest.fixture(scope="session")
def first_start(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The state folder that a first start leaves: made once for all processes of a test run, copied by each journey
    that wants an installation of its own.
    """
    shared = tmp_path_factory.getbasetemp()
    shared = shared if worker_id == "master" else shared.parent
    return first_start_in(Path(os.environ.get("FIRST_START", shared)))


@pytest.fixture(scope="module")
def platform(first_start: Path) -> Iterator[Installation]:
    """A whole platform with its demonstration data, shared by the tests of a file: what those of another file did to
    its companies and people would change what they see. Stopped after them, since also one that nobody uses works.
    """
    with installed(first_start) as installation:
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


@pytest.fixture(scope="module")
def _sessions() -> dict[tuple[str, str], list[dict]]:
    return {}


@pytest.fixture
def signed_in(visitor: Visit, platform: Installation, _sessions: dict[tuple[str, str], list[dict]]) -> Visit:
    """`signed_in("manager")`: a visitor who has signed in, once for all tests of a file. They leave it signed in."""

    def come(role: str, slug: str = "acme") -> Visitor:
        if cookies := _sessions.get((slug, role)):
            return visitor(cookies)
        arrived = visitor()
        arrived.sign_in(platform.account(slug, role))
        expect(arrived.page.get_by_role("heading", name="Dashboard")).to_be_visible()
        _sessions[slug, role] = arrived.context.cookies()
        return arrived

    return come
