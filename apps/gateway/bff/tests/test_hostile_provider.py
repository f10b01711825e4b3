"""The gateway against an external provider that lies: no session, a clear page. A real server on loopback answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.cache import caches
from joserfc import jwt

from apps.gateway.bff.tests.conftest import identity

# By name: the gateway's code must know nothing of iam's, but its tests need somebody who lies.
fake: Any = import_module("apps.iam.identity_providers.tests.provider")
lies: Any = import_module("apps.iam.identity_providers.tests.test_hostile_provider")

pytestmark = pytest.mark.django_db
# The gateway reads no user information: everything it believes is in the signed token.
TOKEN_LIES = {
    name: lie
    for name, lie in lies.TOKEN_LIES.items()
    if not name.startswith("user information") and name != "wrong at_hash"
}
TRANSPORT_LIES = {name: lie for name, lie in lies.TRANSPORT_LIES.items() if not name.startswith("user information")}


@pytest.fixture
def theirs(settings: Any) -> Iterator[Any]:
    """An external provider that the installation trusts, as it would be configured."""
    with fake.running() as provider:
        settings.OIDC_RP_ISSUER = provider.issuer
        settings.OIDC_RP_CLIENT_ID, settings.OIDC_RP_CLIENT_SECRET = fake.CLIENT_ID, fake.CLIENT_SECRET
        settings.OIDC_OP_AUTHORIZATION_ENDPOINT = f"{provider.issuer}/authorize"
        settings.OIDC_OP_TOKEN_ENDPOINT = f"{provider.issuer}/token"
        settings.OIDC_OP_JWKS_ENDPOINT = f"{provider.issuer}/jwks"
        settings.OIDC_TIMEOUT = 1.0
        settings.GATEWAY_REFUSALS_RECORDED = "1000/m"
        # Nothing but the addresses that the operator configured may be private.
        settings.OUTBOUND_PRIVATE_ADDRESSES = False
        yield provider


@pytest.fixture
def browser() -> Any:
    return identity.Browser()


def sign_in(theirs: Any, browser: Any) -> Any:
    return browser.go(theirs.authorize(browser.get("/auth/login").url))


def assert_kept_out(response: Any, browser: Any) -> None:
    assert response.status_code in (400, 503)
    page = response.content.decode()
    assert "Sign-in did not work" in page
    assert "<script>alert" not in page
    assert browser.get("/auth/session").json()["signedIn"] is False
    assert caches["sessions"].keys("bff.tokens.*") == []
    assert django_settings.BFF_COOKIE_NAME not in browser.cookies


@pytest.mark.parametrize("key", [fake.RSA_KEY, fake.EC_KEY], ids=["RS256", "ES256"])
def test_an_honest_one_signs_somebody_in(theirs: Any, browser: Any, key: Any) -> None:
    theirs.key = key

    response = sign_in(theirs, browser)

    assert response.status_code == 302
    assert browser.get("/auth/session").json()["signedIn"] is True


@pytest.mark.parametrize("lie", TOKEN_LIES.values(), ids=TOKEN_LIES)
def test_a_lie_about_the_tokens_opens_no_session(theirs: Any, browser: Any, lie: Callable[[Any], None]) -> None:
    lie(theirs)

    assert_kept_out(sign_in(theirs, browser), browser)


@pytest.mark.parametrize("lie", lies.ANSWER_LIES.values(), ids=lies.ANSWER_LIES)
def test_a_lie_in_the_answer_opens_no_session(theirs: Any, browser: Any, lie: Callable[[Any], None]) -> None:
    lie(theirs)

    assert_kept_out(sign_in(theirs, browser), browser)


@pytest.mark.parametrize("lie", TRANSPORT_LIES.values(), ids=TRANSPORT_LIES)
def test_an_endpoint_that_misbehaves_opens_no_session(theirs: Any, browser: Any, lie: Callable[[Any], None]) -> None:
    lie(theirs)

    assert_kept_out(sign_in(theirs, browser), browser)
    assert not any("again" in path for path in theirs.paths), "a redirect was followed"


def test_an_answer_is_good_once(theirs: Any, browser: Any) -> None:
    address = theirs.authorize(browser.get("/auth/login").url)
    attempt = {name: morsel.value for name, morsel in browser.cookies.items()}
    browser.go(address)
    again = identity.Browser()
    for name, value in attempt.items():
        again.cookies[name] = value

    response = again.go(address)

    assert response.status_code == 400
    assert again.get("/auth/session").json()["signedIn"] is False


def test_a_strong_algorithm_that_it_was_not_told_of_is_none(theirs: Any, browser: Any) -> None:
    key = type(fake.RSA_KEY).generate_key(2048, {"kid": "rsa-1", "use": "sig"})
    theirs.published = [key]
    theirs.make_token = lambda claims: jwt.encode({"alg": "PS256", "kid": "rsa-1"}, claims, key, algorithms=["PS256"])

    assert_kept_out(sign_in(theirs, browser), browser)
