"""Signing in through Keycloak, configured as its administrators do. Run by .ci/extra/keycloak."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx2
import pytest

from apps.core.embedded.ports import any_free
from apps.core.history import SYSTEM
from apps.core.tenancy import tenant
from apps.iam.identity_providers import checking, commands
from apps.iam.identity_providers.tests.conftest import Ours
from apps.iam.oidc.tests import identity
from apps.iam.users import queries as users

# It starts once for all tests; each of them takes its time for the first page.
pytestmark = [pytest.mark.django_db, pytest.mark.timeout(240)]
SECRET, PASSWORD = "a secret of theirs", "a password of hers"
READY_S = 180.0


@contextmanager
def running(port: int) -> Iterator[None]:
    home = Path(os.environ["KEYCLOAK"])
    command = ["bash", "bin/kc.sh", "start-dev", "--http-host=127.0.0.1", f"--http-port={port}", "--import-realm"]
    environment = {**os.environ, "JAVA_OPTS_APPEND": "-Xmx768m"}
    with (
        (home / "log.txt").open("wb") as log,
        subprocess.Popen(command, cwd=home, stdout=log, stderr=log, env=environment, start_new_session=True) as process,
    ):
        try:
            _wait_for(f"http://127.0.0.1:{port}/realms/acme/.well-known/openid-configuration", process, home)
            yield
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(30)


def _wait_for(url: str, process: subprocess.Popen[bytes], home: Path) -> None:
    deadline = time.monotonic() + READY_S
    with httpx2.Client(trust_env=False, timeout=5) as client:
        while time.monotonic() < deadline and process.poll() is None:
            try:
                if client.get(url).status_code == 200:
                    return
            except httpx2.HTTPError:
                pass
            time.sleep(0.5)
    raise AssertionError(f"it did not start: {(home / 'log.txt').read_text()[-2000:]}")


@pytest.fixture(scope="module")
def keycloak() -> Iterator[str]:
    port = any_free()
    with running(port):
        yield f"http://127.0.0.1:{port}/realms/acme"


@pytest.fixture
def ours(keycloak: str, settings: Any, db: None) -> Ours:
    settings.OUTBOUND_PRIVATE_ADDRESSES = True
    company = identity.company("acme")
    with tenant(company.id):
        provider = commands.create_identity_provider(
            name="Keycloak",
            issuer=keycloak,
            client_id="platform",
            client_secret=SECRET,
            email_domains=["acme.example"],
            provisions=True,
            default_roles=["viewer"],
            is_enabled=True,
            actor=SYSTEM,
        )
    made: Any = Ours(company, provider.id, None, identity.Browser())  # type: ignore[arg-type]
    made.prove("acme.example")
    return made


def through_its_pages(url: str) -> str:
    """What somebody does there. Returns the address of ours that the browser is sent back to."""
    cookies = SimpleCookie()
    with httpx2.Client(trust_env=False, timeout=60) as client:

        def ask(method: str, address: str, **form: str) -> httpx2.Response:
            """With all cookies: to a browser 127.0.0.1 is as good as TLS, to this client it is not."""
            client.cookies.clear()
            sent = "; ".join(f"{name}={cookie.value}" for name, cookie in cookies.items())
            answer = client.request(method, address, data=form or None, headers={"Cookie": sent} if sent else {})
            for line in answer.headers.get_list("Set-Cookie"):
                cookies.load(line)
            return answer

        answer = ask("GET", url)
        for _ in range(10):
            if answer.is_redirect:
                address = urljoin(str(answer.url), answer.headers["Location"])
                if "/sign-in/with/" in address:
                    return address
                answer = ask("GET", address)
                continue
            action = re.search(r'<form[^>]+id="kc-form-login"[^>]+action="([^"]+)"', answer.text)
            assert action, answer.text
            answer = ask("POST", unescape(action[1]), username="ada", password=PASSWORD)
    raise AssertionError("it asked for ever")


def test_the_connection_works(ours: Ours) -> None:
    with tenant(ours.company.id):
        found = checking.check(commands.update_identity_provider(provider_id=ours.id, actor=SYSTEM))

    assert found.works, found.checks


def test_somebody_signs_in_with_a_new_account_and_comes_back(ours: Ours) -> None:
    for _ in range(2):
        response = ours.browser.go(through_its_pages(ours.leave().url))
        assert (response.status_code, response.url) == (302, "/auth/login")

    user = users.user_by_email("ada@acme.example")
    assert user is not None
    assert (user.name, len(ours.links())) == ("Ada King", 1)
    assert ours.browser.session["_auth_user_id"] == str(user.pk)


def test_a_fresh_sign_in_is_one(ours: Ours) -> None:
    client, secret = identity.second_client()
    flow = identity.Flow(client.client_id, secret, identity.SECOND_CLIENT_URI, ours.browser)

    response = ours.browser.go(through_its_pages(ours.leave(flow.url(prompt="login")).url))

    assert response.status_code == 302, response.content


def test_a_wrong_client_secret_opens_no_session(ours: Ours) -> None:
    ours.change(client_secret="another")

    response = ours.browser.go(through_its_pages(ours.leave().url))

    assert b"identity_provider_refused" in response.content
    assert "_auth_user_id" not in ours.browser.session
