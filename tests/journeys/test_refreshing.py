"""A page that asks fifty things at once when its access token ends: one refresh, and nobody is signed out."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import httpx2
import psycopg
import pytest

from tests.journeys.installation import Installation, installed

LIFETIME_S, BEFORE_S = 40, 30
MANY = 50
_CSRF = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


@pytest.fixture(scope="module")
def installation(first_start: Path) -> Iterator[Installation]:
    """Two web processes, and access tokens that are soon to be refreshed."""
    short = {"ACCESS_TOKEN_LIFETIME_S": str(LIFETIME_S), "BFF_REFRESH_BEFORE_EXPIRY_S": str(BEFORE_S)}
    with installed(first_start, WEB_PROCESSES="2", **short) as own:
        yield own.start()


@pytest.fixture
def signed_in(installation: Installation) -> Iterator[httpx2.Client]:
    """A manager's browser."""
    with httpx2.Client(base_url=installation.base_url, follow_redirects=True, timeout=60, trust_env=False) as browser:
        account = installation.account("acme", "manager")
        page = browser.get("/auth/login")
        form = {"email": account["email"], "password": account["password"], "next": page.url.params["next"]}
        csrf = _CSRF.search(page.text)
        assert csrf is not None
        arrived = browser.post("/sign-in/", data={**form, "csrfmiddlewaretoken": csrf[1]})
        assert arrived.status_code == 200
        yield browser


def refresh_tokens(installation: Installation) -> list[bool]:
    """Of each refresh token that anybody ever got in a browser's session, whether it is still good."""
    with psycopg.connect(installation.shared("DATABASE_URL")) as connection:
        rows = connection.execute(
            "select revoked is null from oidc_refreshtoken where sid is not null order by created"
        )
        return [bool(alive) for (alive,) in rows]


class TestFiftyRequestsAtTheEnd:
    def test_refresh_once_and_sign_nobody_out(self, installation: Installation, signed_in: httpx2.Client) -> None:
        before = refresh_tokens(installation)
        time.sleep(LIFETIME_S - BEFORE_S + 1)  # until the token is near its end: the clock is what is awaited
        together, cookies = Barrier(MANY, timeout=60), dict(signed_in.cookies)

        def ask(_: int) -> int:
            with httpx2.Client(base_url=installation.base_url, cookies=cookies, timeout=60, trust_env=False) as tab:
                together.wait()
                return tab.get("/api/v1/me").status_code

        with ThreadPoolExecutor(MANY) as pool:
            statuses = list(pool.map(ask, range(MANY)))

        assert statuses == [200] * MANY
        assert (before, refresh_tokens(installation)) == ([True], [False, True])
        assert signed_in.get("/auth/session").json()["signedIn"] is True
        assert signed_in.get("/api/v1/me").status_code == 200
