"""Every way through the gateway and the provider leaves exactly one record of each thing that happened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec
import pytest
from django.conf import settings
from django.core.cache import caches
from django.utils import timezone

from apps.gateway.bff import attempts, idle, refreshing, relying_party, vault
from apps.gateway.bff.tests.conftest import identity, sign_in, to_callback
from apps.gateway.bff.tests.test_refreshing import age, vault_id

pytestmark = [pytest.mark.django_db, pytest.mark.urls("apps.gateway.bff.tests.probe")]

Expected = list[tuple[str, str]]
SIGNED_IN = ("sign_in.succeeded", "success")
REFRESHED = ("token.refreshed", "success")
REFUSED = ("sign_in.failed", "denied")
REVOKED = ("token.revoked", "success")
ENDED = ("impersonation.ended", "success")


@dataclass(frozen=True, slots=True)
class Stage:
    """Who there is when a path begins."""

    browser: Any
    mia: Any
    settings: Any

    def callback(self, **changes: str | None) -> Any:
        """Sign in as far as the callback, and come back with other parameters."""
        parameters = {**dict(parse_qsl(urlsplit(to_callback(self.browser, self.mia.email)).query)), **changes}
        return self.browser.get("/auth/callback", {name: value for name, value in parameters.items() if value})

    def sign_out(self) -> Any:
        csrf = self.browser.get("/auth/session").json()["csrfToken"]
        return self.browser.post("/auth/logout", headers={"X-CSRFToken": csrf})

    def aged(self, **changes: Any) -> None:
        """Sign in, and let the access token be near its end."""
        sign_in(self.browser, self.mia.email)
        age(vault_id(), **changes)


PATHS: dict[str, tuple[Callable[[Stage], Any], Expected]] = {}


def path(name: str, *expected: tuple[str, str]) -> Callable[[Callable[[Stage], Any]], Callable[[Stage], Any]]:
    """A row of the table: what is done, and all that the security log is told of it."""

    def add(do: Callable[[Stage], Any]) -> Callable[[Stage], Any]:
        PATHS[name] = (do, list(expected))
        return do

    return add


@path("nobody signs in", *[])
def _visit(stage: Stage) -> None:
    stage.browser.get("/probe/page")
    stage.browser.get("/auth/login")
    stage.browser.get("/auth/session")


@path("a password signs in", SIGNED_IN)
def _sign_in(stage: Stage) -> None:
    assert sign_in(stage.browser, stage.mia.email).url == "/"


@path("a wrong password does not", ("sign_in.failed", "failure"))
def _wrong_password(stage: Stage) -> None:
    stage.browser.enter_password("/auth/login", stage.mia.email, "wrong")


@path("nor one of nobody", ("sign_in.failed", "failure"))
def _unknown_account(stage: Stage) -> None:
    stage.browser.enter_password("/auth/login", "nobody@acme.example", "wrong")


@path("a callback of no sign-in of this browser", SIGNED_IN, REFUSED)
def _unknown_state(stage: Stage) -> None:
    stage.callback(state="made-up")


@path("a callback of another provider", SIGNED_IN, REFUSED)
def _wrong_issuer(stage: Stage) -> None:
    stage.callback(iss="https://evil.example")


@path("a callback that does not say of which provider", SIGNED_IN, REFUSED)
def _no_issuer(stage: Stage) -> None:
    stage.callback(iss=None)


@path("a callback with an error of the provider", SIGNED_IN, REFUSED)
def _provider_error(stage: Stage) -> None:
    stage.callback(code=None, error="access_denied")


@path("a callback without a code", SIGNED_IN, REFUSED)
def _no_code(stage: Stage) -> None:
    stage.callback(code=None)


@path("a callback with a code that the provider does not know", SIGNED_IN, REFUSED)
def _made_up_code(stage: Stage) -> None:
    stage.callback(code="made-up")


@path("a callback with another nonce than was sent", SIGNED_IN, REFUSED)
def _wrong_nonce(stage: Stage) -> None:
    callback = to_callback(stage.browser, stage.mia.email)
    state = dict(parse_qsl(urlsplit(callback).query))["state"]
    name = attempts._cookie_name(state)
    attempt = attempts._opened(name, _Cookies({name: stage.browser.cookies[name].value}))
    assert attempt is not None
    changed = msgspec.structs.replace(attempt, nonce="another")
    stage.browser.cookies[name] = attempts.seal_text(
        msgspec.json.encode(changed), purpose=attempts._PURPOSE, place=name
    )
    assert stage.browser.go(callback).context["code"] == "invalid_id_token"


@path("a callback that is loaded twice", SIGNED_IN)
def _twice(stage: Stage) -> None:
    callback = to_callback(stage.browser, stage.mia.email)
    stage.browser.go(callback)
    stage.browser.go(callback)


@path("a callback while the provider is away", SIGNED_IN, ("sign_in.failed", "failure"))
def _provider_away(stage: Stage) -> None:
    callback = to_callback(stage.browser, stage.mia.email)
    stage.settings.OIDC_RP_ISSUER, stage.settings.OIDC_RP_REQUIRE_ISS = "https://elsewhere.example", False
    stage.settings.OIDC_OP_TOKEN_ENDPOINT, stage.settings.OIDC_TIMEOUT = "http://127.0.0.1:9/oidc/token", 2
    without_iss = {k: v for k, v in parse_qsl(urlsplit(callback).query) if k != "iss"}
    assert stage.browser.get("/auth/callback", without_iss).status_code == 503


@path("a refresh", SIGNED_IN, REFRESHED)
def _refresh(stage: Stage) -> None:
    stage.aged()
    assert stage.browser.get("/probe/whoami").status_code == 200


@path("a refresh that the provider refuses", SIGNED_IN, ("token.refreshed", "denied"))
def _refused_refresh(stage: Stage) -> None:
    stage.aged(refresh_token="made-up")
    assert stage.browser.get("/probe/whoami").status_code == 401
    assert stage.browser.get("/probe/whoami").status_code == 401


@path("a refresh that is answered for somebody else", SIGNED_IN, REFRESHED, ("token.refreshed", "denied"))
def _foreign_refresh(stage: Stage) -> None:
    stage.aged(subject=str(stage.mia.tenant_id))
    assert stage.browser.get("/probe/whoami").status_code == 401


@path("a refresh token that somebody else has used", SIGNED_IN, REFRESHED, ("token.replayed", "denied"))
def _stolen_refresh(stage: Stage) -> None:
    stage.settings.BFF_REFRESH_GRACE_S = 0
    stage.aged()
    stolen = vault.read(vault_id())
    assert stolen is not None
    relying_party.RelyingParty().refresh(stolen)
    assert stage.browser.get("/probe/whoami").status_code == 401


@path("a refresh whose answer is lost", SIGNED_IN, REFRESHED, REFRESHED)
def _lost_answer(stage: Stage) -> None:
    stage.aged()
    asked = vault.read(vault_id())
    assert asked is not None
    relying_party.RelyingParty().refresh(asked)
    assert stage.browser.get("/probe/whoami").status_code == 200


@path("a code that is redeemed twice", SIGNED_IN, ("token.replayed", "denied"))
def _code_twice(stage: Stage) -> None:
    flow = _flow(stage)
    code = flow.code(stage.mia.email)
    assert flow.redeem(code).status_code == 200
    assert flow.redeem(code).status_code == 400
    assert flow.redeem(code).status_code == 400


@path("a code that its client may not redeem", SIGNED_IN)
def _wrong_verifier(stage: Stage) -> None:
    flow = _flow(stage)
    assert flow.redeem(flow.code(stage.mia.email), code_verifier="x" * 43).status_code == 400


@path("tokens that a client gives back", SIGNED_IN, ("token.revoked", "success"))
def _revocation(stage: Stage) -> None:
    flow = _flow(stage)
    form = {"token": flow.tokens(stage.mia.email)["refresh_token"], "client_id": "shop"}
    for _ in range(2):
        response = stage.browser.post("/oidc/revoke", {**form, "client_secret": flow.client_secret})
        assert response.status_code == 200


@path("signing out", SIGNED_IN, ("sign_out", "success"))
def _sign_out(stage: Stage) -> None:
    sign_in(stage.browser, stage.mia.email)
    response = stage.sign_out()
    stage.browser.go(stage.browser.go(response.url).url)


@path(
    "wrong passwords until the door is locked", *[("sign_in.failed", "failure")] * 2, ("sign_in.locked_out", "denied")
)
def _locked_out(stage: Stage) -> None:
    stage.settings.SIGN_IN_FAILURES = 2
    statuses = [stage.browser.enter_password("/auth/login", stage.mia.email, "wrong").status_code for _ in range(4)]
    assert statuses == [422, 422, 429, 429]


@path("a right password behind a locked door", ("sign_in.failed", "failure"), ("sign_in.locked_out", "denied"))
def _behind_a_lock(stage: Stage) -> None:
    stage.settings.SIGN_IN_FAILURES = 1
    statuses = [
        stage.browser.enter_password("/auth/login", stage.mia.email, password).status_code
        for password in ("wrong", identity.PASSWORD)
    ]
    assert statuses == [422, 429]


@path("the admin is not for everybody", REFUSED)
def _not_staff(stage: Stage) -> None:
    assert stage.browser.enter_password("/admin/", stage.mia.email).status_code == 403


@path("acting as somebody and stopping", SIGNED_IN, ("impersonation.started", "success"), ENDED)
def _impersonation(stage: Stage) -> None:
    _acting(stage)
    assert _posted(stage, "/auth/impersonation/stop").status_code == 302
    assert _posted(stage, "/auth/impersonation/stop").status_code == 302


@path(
    "signing out while one acts as somebody",
    *[SIGNED_IN, ("impersonation.started", "success")],
    *[("sign_out", "success"), ENDED],  # two sessions, two ends
)
def _signed_out_while_acting(stage: Stage) -> None:
    _acting(stage)
    stage.browser.go(stage.browser.go(stage.sign_out().url).url)


@path("acting as somebody that one may not", SIGNED_IN)
def _impersonation_refused(stage: Stage) -> None:
    olive = identity.member_of(identity.company("acme"), "olive@acme.example", "owner")
    sign_in(stage.browser, stage.mia.email)
    _posted(stage, "/auth/impersonation/start", user_id=str(olive.id), reason="Ticket 4711")


def _acting(stage: Stage) -> None:
    """Olive, an owner, acts as Mia."""
    olive = identity.member_of(identity.company("acme"), "olive@acme.example", "owner")
    sign_in(stage.browser, olive.email)
    assert _posted(stage, "/auth/impersonation/start", user_id=str(stage.mia.id), reason="Ticket 4711").url == "/"


def _posted(stage: Stage, path: str, **form: str) -> Any:
    csrf = stage.browser.get("/auth/session").json()["csrfToken"]
    return stage.browser.post(path, form, headers={"X-CSRFToken": csrf})


@path("going on in another company", SIGNED_IN, REVOKED, ("session.tenant_switched", "success"))
def _switch(stage: Stage) -> None:
    sign_in(stage.browser, stage.mia.email)
    identity.member_of(identity.company("globex"), stage.mia.email, "clerk")
    stage.browser.go(stage.browser.go(_posted(stage, "/auth/tenant", tenant="globex").url).url)


@path("going on where one is no member", SIGNED_IN)
def _switch_refused(stage: Stage) -> None:
    sign_in(stage.browser, stage.mia.email)
    identity.company("globex")
    assert stage.browser.go(_posted(stage, "/auth/tenant", tenant="globex").url).status_code == 403


@path("confirming that it is oneself", SIGNED_IN, ("sign_in.stepped_up", "success"), REVOKED)
def _step_up(stage: Stage) -> None:
    sign_in(stage.browser, stage.mia.email)
    asked = stage.browser.go(stage.browser.get("/auth/login", {"max_age": "0"}).url)
    onward = dict(parse_qsl(urlsplit(asked.url).query))["next"]
    stage.browser.go(stage.browser.go(stage.browser.enter_password(onward, stage.mia.email).url).url)


@path("a session in which nobody was", SIGNED_IN, REVOKED)
def _idle(stage: Stage) -> None:
    sign_in(stage.browser, stage.mia.email)
    idle.finish(vault_id())
    assert stage.browser.get("/probe/whoami").status_code == 401


@path("a refresh while the provider is away", SIGNED_IN)
def _refresh_while_away(stage: Stage) -> None:
    stage.aged()
    stage.settings.OIDC_RP_ISSUER = "https://elsewhere.example"
    stage.settings.OIDC_OP_TOKEN_ENDPOINT, stage.settings.OIDC_TIMEOUT = "http://127.0.0.1:9/oidc/token", 2
    assert stage.browser.get("/probe/whoami").status_code == 503


@path("signing out without having signed in", *[])
def _sign_out_of_nothing(stage: Stage) -> None:
    stage.browser.go(stage.sign_out().url)


@path("a session that is revoked", SIGNED_IN, ("session.revoked", "success"))
def _revoked(stage: Stage) -> None:
    sign_in(stage.browser, stage.mia.email)
    ended: Any = import_module("apps.iam.sessions.events")
    commands: Any = import_module("apps.iam.sessions.commands")
    commands.end_session(session_id=vault.read(vault_id()).sid, reason=ended.EndReason.REVOKED, now=timezone.now())
    assert stage.browser.get("/probe/whoami").status_code == 401


def _flow(stage: Stage) -> Any:
    """Another client of the provider, in a browser of its own."""
    _, secret = identity.second_client()
    plain = identity.Browser()
    return identity.Flow("shop", secret, identity.SECOND_CLIENT_URI, plain)


@path("a logout token of somebody else", ("session.revoked", "denied"))
def _forged_logout_token(stage: Stage) -> None:
    assert stage.browser.post("/auth/backchannel-logout", {"logout_token": "made-up"}).status_code == 400


@dataclass
class _Cookies:
    COOKIES: dict[str, str]


def told(published: Any) -> list[Any]:
    return [event for event in published.events() if type(event).__name__ == "SecurityEventRecorded"]


@pytest.mark.parametrize("name", PATHS)
def test_each_path_is_recorded_exactly_once(name: str, mia: Any, browser: Any, settings: Any, published: Any) -> None:
    do, expected = PATHS[name]

    do(Stage(browser, mia, settings))

    assert [(event.kind, event.outcome) for event in told(published)] == expected


class TestWhatTheGatewayTells:
    def test_says_what_was_wrong_and_from_where(self, mia: Any, browser: Any, published: Any, settings: Any) -> None:
        Stage(browser, mia, settings).callback(iss="https://evil.example")

        record = told(published)[-1]
        assert record.reason == "the answer came from another identity provider"
        assert record.details == {"code": "sign_in_failed", "by": "gateway"}
        assert record.address == "127.0.0.1"

    def test_names_the_person_and_the_session_whose_refresh_was_refused(
        self, mia: Any, browser: Any, published: Any, settings: Any
    ) -> None:
        Stage(browser, mia, settings).aged(refresh_token="made-up")
        sid = vault.read(vault_id()).sid
        browser.get("/probe/whoami")

        record, envelope = told(published)[-1], published.envelopes()[-1]
        assert (record.subject_id, record.actor_id, record.session_id) == (mia.id, mia.id, sid)
        assert envelope.metadata.tenant_id == mia.tenant_id
        assert record.address == "127.0.0.1"
        assert refreshing._refreshes.labels("refused")._value.get() >= 1

    def test_is_bounded_for_strangers(self, db: None, browser: Any, published: Any, settings: Any) -> None:
        settings.GATEWAY_REFUSALS_RECORDED = "3/h"
        for number in range(5):
            browser.get("/auth/callback", {"state": f"made-up-{number}"})

        assert len(told(published)) == 3


def test_a_session_that_was_signed_out_has_no_tokens_left(mia: Any, signed_in: Any) -> None:
    Stage(signed_in, mia, settings).sign_out()

    assert not caches["sessions"].keys("bff.tokens.*")
    assert identity.Browser().get("/probe/whoami").status_code == 401
