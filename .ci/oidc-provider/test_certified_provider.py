"""Signing in through the certified OpenID Connect provider for Node. Run by .ci/extra/oidc-provider."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urljoin

import httpx2
import pytest

from apps.core.embedded.ports import any_free
from apps.core.history import SYSTEM
from apps.core.tenancy import tenant
from apps.iam.identity_providers import checking, commands, relying_party
from apps.iam.identity_providers.tests.conftest import Ours
from apps.iam.oidc.tests import identity
from apps.iam.users import queries as users

pytestmark = pytest.mark.django_db
SECRET = "a secret of theirs"


@contextmanager
def running(port: int, redirect_uri: str) -> Iterator[None]:
    """The provider, from the folder into which it was installed."""
    command = ["node", "server.mjs", str(port), redirect_uri]
    with subprocess.Popen(command, cwd=os.environ["OIDC_PROVIDER"], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            assert any(line.strip() == "ready" for line in process.stdout), "it did not start"
            yield
        finally:
            process.terminate()


@pytest.fixture
def ours(settings: Any, db: None) -> Iterator[Ours]:
    settings.OUTBOUND_PRIVATE_ADDRESSES = True
    company, port = identity.company("acme"), any_free()
    with tenant(company.id):
        provider = commands.create_identity_provider(
            name="Certified",
            issuer=f"http://127.0.0.1:{port}",
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
    with running(port, relying_party.redirect_uri(provider.id)):
        yield made


def through_its_pages(url: str, person: str) -> str:
    """What somebody does there: enter a name, agree. Returns the address of ours that the browser is sent back to."""
    with httpx2.Client(trust_env=False) as client:
        answer, forms = client.get(url), 0
        while forms < 5:
            while answer.is_redirect:
                address = urljoin(str(answer.url), answer.headers["Location"])
                if "/sign-in/with/" in address:
                    return address
                answer = client.get(address)
            assert answer.status_code == 200, answer.text
            action = re.search(r'<form[^>]+action="([^"]+)"', answer.text)
            prompt = re.search(r'name="prompt" value="(\w+)"', answer.text)
            assert action and prompt, answer.text
            form = {"prompt": prompt[1], **({"login": person, "password": "x"} if prompt[1] == "login" else {})}
            answer, forms = client.post(action[1], data=form), forms + 1
    raise AssertionError("it asked for ever")


def test_the_connection_works(ours: Ours) -> None:
    with tenant(ours.company.id):
        found = checking.check(commands.update_identity_provider(provider_id=ours.id, actor=SYSTEM))

    assert found.works, found.checks


def test_somebody_signs_in_with_a_new_account_and_comes_back(ours: Ours) -> None:
    for _ in range(2):
        response = ours.browser.go(through_its_pages(ours.leave().url, "ada"))
        assert (response.status_code, response.url) == (302, "/auth/login")

    user = users.user_by_email("ada@acme.example")
    assert user is not None
    assert (user.name, [link.subject for link in ours.links()]) == ("Ada King", ["ada"])
    assert ours.browser.session["_auth_user_id"] == str(user.pk)


def test_a_fresh_sign_in_is_one(ours: Ours) -> None:
    client, secret = identity.second_client()
    flow = identity.Flow(client.client_id, secret, identity.SECOND_CLIENT_URI, ours.browser)

    response = ours.browser.go(through_its_pages(ours.leave(flow.url(prompt="login")).url, "ada"))

    assert response.status_code == 302, response.content


def test_a_wrong_client_secret_opens_no_session(ours: Ours) -> None:
    ours.change(client_secret="another")

    response = ours.browser.go(through_its_pages(ours.leave().url, "ada"))

    assert b"identity_provider_refused" in response.content
    assert "_auth_user_id" not in ours.browser.session
