from __future__ import annotations

import os
import shutil
from typing import Any

import pytest

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture
def site(live_server: Any, settings: Any, api: Any) -> Any:
    settings.ALLOWED_HOSTS = ["*"]
    return live_server.url


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: set CHROMIUM")
def test_swagger_ui_shows_every_operation_under_the_content_security_policy(site: str) -> None:
    from playwright.sync_api import sync_playwright

    complaints: list[str] = []
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # playwright's loop runs in this thread
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            page = browser.new_page()
            page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            response = page.goto(f"{site}/api/docs")
            page.wait_for_selector(".opblock", timeout=60_000)
            operations = page.locator(".opblock").count()
            page.locator(".opblock-summary-control").first.click()
            page.wait_for_selector(".opblock-body", timeout=60_000)
            browser.close()
    finally:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]

    assert response is not None
    assert "script-src 'self'" in response.headers["content-security-policy"]
    assert operations >= 8
    assert not [text for text in complaints if "favicon" not in text], complaints
