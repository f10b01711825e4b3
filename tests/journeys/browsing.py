"""People at browsers, who notice everything that goes wrong on a page."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Page, Playwright, Request, Response, expect

_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser")
CHROMIUM = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), "")
TIMEOUT_MS = 45_000
_QUIET = ("--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync")
# A page that is left ends its stream, and a newer search the one before it.
_ENDED_BY_US = "net::ERR_ABORTED"
_TELL_VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy violated: ${event.violatedDirective} by ${event.blockedURI} ${event.sourceFile}`));
"""
_STATUS_ON_CONSOLE = re.compile(r"the server responded with a status of (\d{3})")


def launched(playwright: Playwright) -> Browser:
    """Chromium, without a window and without traffic of its own."""
    sandbox = ("--no-sandbox",) if os.geteuid() == 0 else ()
    arguments = [*_QUIET, "--no-first-run", *sandbox]
    return playwright.chromium.launch(
        executable_path=CHROMIUM,
        args=arguments,
        # People's browsers keep the pages they left: what a sign-out leaves behind there is part of the journeys.
        ignore_default_args=["--disable-back-forward-cache"],
        timeout=TIMEOUT_MS * 2,
    )


class Visitor:
    """Somebody with a browser of their own: cookies, tabs, and a list of what went wrong in any of them.

    `page` is the first tab. `state`: cookies to begin with, as `cookies()` returned them.
    """

    def __init__(self, browser: Browser, base_url: str, cookies: list[dict] | None = None) -> None:
        self.base_url = base_url
        self.complaints: list[str] = []
        self._expected: list[int] = []
        self.context = browser.new_context(base_url=base_url, viewport={"width": 1280, "height": 900})
        self.context.set_default_timeout(TIMEOUT_MS)
        self.context.add_init_script(_TELL_VIOLATIONS)
        self.context.on("console", self._hear)
        self.context.on("weberror", lambda error: self.complaints.append(f"script error: {error.error}"))
        self.context.on("requestfailed", self._note_failure)
        self.context.on("response", self._note_status)
        if cookies:
            self.context.add_cookies(cookies)
        self.page = self.new_tab()

    def new_tab(self) -> Page:
        return self.context.new_page()

    def open(self, path: str, *, status: int = 200, page: Page | None = None) -> Page:
        """Go to a page; it must answer with the status."""
        page = page or self.page
        with self.expecting(status):
            answer = page.goto(path)
        assert answer is not None
        assert answer.status == status, f"{path}: {answer.status}\n{page.inner_text('body')}"
        return page

    def sign_in(self, account: dict[str, str], path: str = "/") -> Page:
        """Go to a page as somebody who is not signed in, and on through the sign-in page."""
        self.open(path)
        return self.give_password(account)

    def give_password(self, account: dict[str, str]) -> Page:
        self.page.get_by_label("Email address").fill(account["email"])
        self.page.get_by_label("Password").fill(account["password"])
        self.page.get_by_role("button", name="Sign in").click()
        return self.page

    @property
    def is_signed_in(self) -> bool:
        return bool(self.context.request.get("/auth/session").json()["signedIn"])

    @property
    def path(self) -> str:
        return urlsplit(self.page.url).path

    @contextmanager
    def expecting(self, *statuses: int) -> Iterator[None]:
        """Inside the block, answers with these statuses are no complaint."""
        self._expected.extend(statuses)
        yield
        self.page.evaluate("1")  # what the browser had to say about them has arrived
        for status in statuses:
            self._expected.remove(status)

    def close(self) -> None:
        """Close every tab. Fails when anything was wrong on any page."""
        self.context.close()
        assert not self.complaints, "\n".join(self.complaints)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type != "error":
            return
        status = _STATUS_ON_CONSOLE.search(message.text)
        if status is None or int(status[1]) not in self._expected:
            self.complaints.append(f"console: {message.text} ({message.location['url']})")

    def _note_failure(self, request: Request) -> None:
        if request.failure != _ENDED_BY_US:
            self.complaints.append(f"request failed: {request.url} {request.failure}")

    def _note_status(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self._expected:
            self.complaints.append(f"{response.status}: {response.request.method} {response.url}")


def toast(page: Page, text: str) -> None:
    """Wait for a message at the edge of the page."""
    expect(page.locator("#toasts")).to_contain_text(text, timeout=TIMEOUT_MS)
