"""Our relying party against a provider that lies: no session, a clear page, one record."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from django.conf import settings
from joserfc.jwk import OctKey

from apps.iam.identity_providers.tests import provider as fake
from apps.iam.identity_providers.tests.conftest import Ours
from apps.iam.oidc.tests.identity import Browser

pytestmark = pytest.mark.django_db
Lie = Callable[[fake.Provider], None]


def saying(**claims: Any) -> Lie:
    return lambda theirs: theirs.claims.update(claims)


def setting(**attributes: Any) -> Lie:
    def lie(theirs: fake.Provider) -> None:
        for name, value in attributes.items():
            setattr(theirs, name, value)

    return lie


def answering(path: str, answer: Callable[[Any], None]) -> Lie:
    return lambda theirs: theirs.lies.update({path: answer})


def text(body: bytes, status: int = 200) -> Callable[[Any], None]:
    def answer(handler: Any) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def endless(handler: Any) -> None:
    handler.send_response(200)
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(b" " * 65536)
    except OSError:
        handler.close_connection = True


def drop_by_drop(handler: Any) -> None:
    """Never silent for long, and never done."""
    try:
        for byte in b"HTTP/1.1 200 OK\r\nX-Padding: " + b"x" * 100_000:
            handler.wfile.write(bytes([byte]))
            handler.wfile.flush()
            time.sleep(0.02)
    except OSError:
        handler.close_connection = True


def elsewhere(handler: Any) -> None:
    handler.send(302, {}, Location=f"{handler.provider.issuer}/.well-known/openid-configuration?again")


TOKEN_LIES: dict[str, Lie] = {
    "wrong nonce": saying(nonce="another"),
    "no nonce": saying(nonce=None),
    "wrong issuer": saying(iss="https://evil.example"),
    "no issuer": saying(iss=None),
    "wrong audience": saying(aud="another"),
    "one audience of several without azp": saying(aud=[fake.CLIENT_ID, "another"]),
    "wrong azp": saying(azp="another"),
    "no subject": saying(sub=None),
    "a subject that is no text": saying(sub=7),
    "expired": saying(exp=int(time.time()) - 3600),
    "no expiry": saying(exp=None),
    "made in the future": saying(iat=int(time.time()) + 3600),
    "made long ago": saying(iat=int(time.time()) - 3600),
    "wrong at_hash": saying(at_hash="AAAAAAAAAAAAAAAAAAAAAA"),
    "bad signature": setting(key=fake.OTHER_KEY),
    "unknown key": setting(key=fake.NEW_KEY),
    "no algorithm": setting(make_token=fake.unsigned),
    "the public key as HMAC secret": setting(make_token=fake.signed_with_the_public_key),
    "a key that the token brings along": setting(
        key=fake.OTHER_KEY, header={"jwk": fake.OTHER_KEY.as_dict(private=False)}
    ),
    "a symmetric key among the published": setting(
        published=[OctKey.generate_key(256, {"kid": "rsa-1"})], make_token=fake.signed_with_the_public_key
    ),
    "an access token in its place": setting(header={"typ": "at+jwt"}),
    "no ID token": setting(token_answer={"id_token": None}),
    "nonsense as ID token": setting(token_answer={"id_token": "a.b.c"}),
    "no access token": setting(token_answer={"access_token": None}),
    "another token type": setting(token_answer={"token_type": "mac"}),
    "user information of somebody else": lambda theirs: theirs.userinfo.update(sub="sub-2"),
    "user information of nobody": lambda theirs: theirs.userinfo.pop("sub"),
}
ANSWER_LIES: dict[str, Lie] = {
    "another issuer": setting(answer={"iss": "https://evil.example"}),
    "no issuer although it promised one": setting(answer={"iss": ""}),
    "an error": lambda theirs: theirs.answer.update(error="access_denied"),
    "an error with markup": lambda theirs: theirs.answer.update(error="<script>alert(1)</script>"),
    "another state": lambda theirs: theirs.answer.update(state="another"),
    "no code": lambda theirs: theirs.answer.update(code=""),
    "a code it did not give": lambda theirs: theirs.answer.update(code="stolen"),
}
TRANSPORT_LIES: dict[str, Lie] = {
    "token endpoint redirects": answering("/token", elsewhere),
    "token endpoint fails": answering("/token", text(b"{}", 500)),
    "token endpoint answers no JSON": answering("/token", text(b"<html>")),
    "token endpoint answers a list": answering("/token", text(b"[]")),
    "token endpoint answers for ever": answering("/token", endless),
    "token endpoint answers drop by drop": answering("/token", drop_by_drop),
    "keys redirect": answering("/jwks", elsewhere),
    "keys are none": answering("/jwks", text(b'{"keys": 7}')),
    "keys are nonsense": answering("/jwks", text(b'{"keys": [7, {}, {"kty": "RSA", "kid": "rsa-1"}]}')),
    "keys nest without end": answering("/jwks", text(b'{"keys":' + b"[" * 100_000)),
    "user information redirects": answering("/userinfo", elsewhere),
    "user information is signed and not JSON": answering("/userinfo", text(b"a.b.c")),
}
DISCOVERY = "/.well-known/openid-configuration"
DISCOVERY_LIES: dict[str, Lie] = {
    "redirects": answering(DISCOVERY, elsewhere),
    "is not there": answering(DISCOVERY, text(b"{}", 404)),
    "is no JSON": answering(DISCOVERY, text(b"\xff\xfe")),
    "is oversized": answering(DISCOVERY, text(b'{"issuer": "' + b"x" * 300_000 + b'"}')),
    "never ends": answering(DISCOVERY, endless),
    "comes drop by drop": answering(DISCOVERY, drop_by_drop),
    "names another issuer": setting(configuration={"issuer": "https://evil.example"}),
    "names no token endpoint": setting(configuration={"token_endpoint": None}),
    "names a file": setting(configuration={"token_endpoint": "file:///etc/passwd"}),
    "names a script to go to": setting(configuration={"authorization_endpoint": "javascript:alert(1)"}),
    "names a password": setting(configuration={"jwks_uri": "http://user:pw@127.0.0.1/"}),
}


@pytest.fixture(autouse=True)
def _impatient(settings: Any) -> None:
    settings.OUTBOUND_TIMEOUT_S = 1.0


@pytest.fixture
def linked(ours: Ours, ada: Any) -> Ours:
    """Ada would be let in if only the provider were honest."""
    ours.link(ada.id)
    return ours


def assert_kept_out(ours: Ours, response: Any) -> None:
    """No session, and a page that says so and leads back, without anything that the provider sent."""
    assert 400 <= response.status_code < 500 or response.status_code == 503, response.status_code
    page = response.content.decode()
    assert "Sign-in did not work" in page
    assert "/sign-in/" in response.context["retry_url"]
    assert "<script>alert" not in page
    assert "_auth_user_id" not in ours.browser.session
    assert ours.session_count() == 0


def test_an_honest_one_signs_somebody_in(linked: Ours) -> None:
    assert linked.sign_in().status_code == 302
    assert linked.session_count() == 1


@pytest.mark.parametrize("honesty", ["ES256", "no kid", "at_hash", "rotated", "skewed"])
def test_other_honest_ones_do_too(linked: Ours, honesty: str) -> None:
    theirs = linked.theirs
    if honesty == "ES256":
        theirs.key = fake.EC_KEY
    if honesty == "no kid":
        theirs.make_token = lambda claims: fake.jwt.encode({"alg": "RS256"}, claims, fake.RSA_KEY)
    if honesty == "at_hash":
        theirs.claims["at_hash"] = _at_hash("at-1")
    if honesty == "rotated":
        linked.sign_in()
        theirs.key, theirs.published = fake.NEW_KEY, [fake.NEW_KEY]
    if honesty == "skewed":
        theirs.claims["iat"] = int(time.time()) + 15

    assert linked.sign_in().status_code == 302
    assert linked.session_count() == 1


def _at_hash(token: str) -> str:
    import base64
    import hashlib

    return base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()[:16]).decode().rstrip("=")


@pytest.mark.parametrize("lie", TOKEN_LIES.values(), ids=TOKEN_LIES)
def test_a_lie_about_the_tokens_opens_no_session(linked: Ours, told: Any, lie: Lie) -> None:
    lie(linked.theirs)

    response = linked.sign_in()

    assert_kept_out(linked, response)
    assert told(linked.id) == ["sign_in.federation_refused"]


@pytest.mark.parametrize("lie", ANSWER_LIES.values(), ids=ANSWER_LIES)
def test_a_lie_in_the_answer_opens_no_session(linked: Ours, lie: Lie) -> None:
    lie(linked.theirs)

    response = linked.sign_in()

    assert_kept_out(linked, response)


@pytest.mark.parametrize("lie", TRANSPORT_LIES.values(), ids=TRANSPORT_LIES)
def test_an_endpoint_that_misbehaves_opens_no_session(linked: Ours, lie: Lie) -> None:
    lie(linked.theirs)

    response = linked.sign_in()

    assert_kept_out(linked, response)


@pytest.mark.parametrize("lie", DISCOVERY_LIES.values(), ids=DISCOVERY_LIES)
def test_a_configuration_that_misbehaves_leads_nowhere(linked: Ours, lie: Lie) -> None:
    lie(linked.theirs)

    response = linked.leave()

    assert_kept_out(linked, response)
    assert linked.theirs.paths == [DISCOVERY], "nothing else was asked, and no redirect followed"


def test_an_answer_is_good_once(linked: Ours) -> None:
    address = linked.callback()
    kept = {name: morsel.value for name, morsel in linked.browser.cookies.items() if name.startswith("federated_")}
    linked.browser.go(address)
    again = Browser()
    for name, value in kept.items():
        again.cookies[name] = value

    response = again.go(address)

    assert b"federated_sign_in_unknown" in response.content
    assert "_auth_user_id" not in again.session
    assert linked.session_count() == 1


def test_an_answer_is_good_in_its_own_browser_alone(linked: Ours) -> None:
    response = Browser().go(linked.callback())

    assert response.status_code == 403
    assert b"federated_sign_in_unknown" in response.content
    assert linked.session_count() == 0


def test_an_answer_is_good_at_its_own_address_alone(linked: Ours) -> None:
    """Mix-up: another provider's callback is given the answer (RFC 9700 §4.4)."""
    address = linked.callback()
    with_another = address.replace(str(linked.id), str(linked.company.id))

    response = linked.browser.go(with_another)

    assert_kept_out(linked, response)


def test_an_attempt_does_not_wait_for_ever(linked: Ours, monkeypatch: pytest.MonkeyPatch) -> None:
    address = linked.callback()
    later = time.time() + 601
    monkeypatch.setattr("apps.iam.identity_providers.attempts.time.time", lambda: later)

    assert b"federated_sign_in_unknown" in linked.browser.go(address).content
    assert linked.session_count() == 0


def test_keys_are_not_fetched_again_for_each_name_that_is_made_up(linked: Ours) -> None:
    linked.theirs.header["kid"] = "made-up"

    for _ in range(4):
        linked.sign_in()

    assert linked.theirs.paths.count("/jwks") == 2


@pytest.mark.parametrize("address", ["http://127.0.0.1:{port}/x", "https://127.0.0.1:{port}/x", "https://localhost/x"])
def test_an_address_in_our_own_network_is_not_asked_in_production(
    linked: Ours, settings: Any, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from apps.core.tenancy import tenant
    from apps.iam.identity_providers.models import IdentityProvider

    port = urlsplit(linked.theirs.issuer).port
    with tenant(linked.company.id):
        IdentityProvider.objects.filter(id=linked.id).update(issuer=address.format(port=port))
    settings.OUTBOUND_PRIVATE_ADDRESSES = False

    response = linked.leave()

    assert_kept_out(linked, response)
    assert linked.theirs.paths == []


def test_refusals_of_one_address_are_recorded_only_so_often(linked: Ours, told: Any, settings: Any) -> None:
    settings.GATEWAY_REFUSALS_RECORDED = "2/h"
    linked.theirs.answer["error"] = "access_denied"

    for _ in range(4):
        linked.sign_in()

    assert told(linked.id) == ["sign_in.federation_refused"] * 2


def test_nothing_of_the_callback_is_needed_to_be_well_formed(linked: Ours) -> None:
    for query in ({}, {"state": "\x00"}, {"state": "x", "code": "y"}, {"state": "ü" * 5000}, {"error": "x"}):
        response = linked.browser.get(f"/sign-in/with/{linked.id}/callback?{urlencode(query)}")
        assert response.status_code == 403
    assert settings.SESSION_COOKIE_NAME not in linked.browser.cookies
