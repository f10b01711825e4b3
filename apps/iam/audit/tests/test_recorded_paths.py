"""Every way through second factors, passkeys and API keys leaves exactly one record of each thing that happened.

What the gateway and the provider's tokens leave is in the gateway's own table.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.core.history import Actor
from apps.iam.audit.events import SecurityEventRecorded
from apps.iam.authenticators import commands as factors
from apps.iam.authenticators import totp
from apps.iam.authenticators.tests.conftest import secret_of
from apps.iam.authenticators.tests.software_authenticator import ORIGIN, SoftwareAuthenticator
from apps.iam.oidc.tests.identity import PASSWORD, Browser
from apps.iam.users import commands as users
from apps.iam.users.tests.factories import MembershipFactory
from tests.callers import Caller

pytestmark = pytest.mark.django_db
START, STEP, PASSKEY = "/auth/login", "/sign-in/second-step/", "/sign-in/passkey/"
MINE, KEYS = "/api/v1/me/authenticators", "/api/v1/me/keys"
SIGNED_IN, FAILED = ("sign_in.succeeded", "success"), ("sign_in.failed", "failure")
Expected = list[tuple[str, str]]


@dataclass(slots=True)
class Stage:
    """Ada, who works in a company, her browser and her phone; `api` calls with a fresh and strong sign-in."""

    ada: Any
    settings: Any
    browser: Browser = field(default_factory=Browser)
    phone: SoftwareAuthenticator = field(default_factory=SoftwareAuthenticator)

    @property
    def api(self) -> Client:
        token = Caller(self.ada.user_id, self.ada.tenant_id, "", self.ada.user.email).token(acr="aal2")
        return _Json(headers={"authorization": f"Bearer {token}", "accept": "application/json"})

    def enter_password(self) -> Any:
        return self.browser.enter_password(START, self.ada.user.email)

    def has_app(self) -> bytes:
        """An authenticator app that was set up five minutes ago; its secret."""
        then = timezone.now() - timedelta(minutes=5)
        new = factors.begin_totp(user_id=self.ada.user_id, actor=self._actor)
        secret = secret_of(new.secret)
        code = totp.code_at(secret, totp.step_at(then))
        facts = {"user_id": self.ada.user_id, "authenticator_id": new.authenticator.id, "actor": self._actor}
        factors.confirm_totp(code=code, now=then, **facts)
        return secret

    def has_passkey(self) -> Any:
        """A passkey in the phone."""
        ceremony = self.api.post(f"{MINE}/passkeys/options").json()["data"]
        answer = {"credential": self.phone.create(ceremony["options"]), "state": ceremony["state"], "name": "Phone"}
        return self.api.post(f"{MINE}/passkeys", answer)

    def use_passkey(self, path: str = PASSKEY, **lies: Any) -> Any:
        second = path == STEP
        ceremony = self.browser.post(f"/sign-in/passkey/options{'?step=second' if second else ''}").json()
        answer = json.dumps(self.phone.get(ceremony["options"], **lies))
        form = {"credential": answer, "state": ceremony["state"], **({"factor": "passkey"} if second else {})}
        return self.browser.post(path, form)

    def new_key(self) -> dict[str, Any]:
        made = self.api.post(KEYS, {"name": "laptop"})
        assert made.status_code == 201, made.content
        data: dict[str, Any] = made.json()["data"]
        return data

    @property
    def _actor(self) -> Actor:
        return Actor(kind="user", id=self.ada.user_id, name=self.ada.name)


class _Json(Client):
    def post(self, path: str, data: Any = None, **extra: Any) -> Any:
        return super().post(path, data or {}, content_type="application/json", **extra)


PATHS: dict[str, tuple[Callable[[Stage], Any], Expected]] = {}


def path(name: str, *expected: tuple[str, str]) -> Callable[[Callable[[Stage], Any]], Callable[[Stage], Any]]:
    """A row of the table: what is done, and all that the security log is told of it."""

    def add(do: Callable[[Stage], Any]) -> Callable[[Stage], Any]:
        PATHS[name] = (do, list(expected))
        return do

    return add


# --- second factors

ENABLED = ("mfa.totp_enabled", "success")
CODES = ("mfa.recovery_codes_made", "success")


def code_of(secret: bytes) -> str:
    return totp.code_at(secret, totp.step_at(timezone.now()))


def wrong_code(secret: bytes) -> str:
    near = {totp.code_at(secret, totp.step_at(timezone.now()) + drift) for drift in range(-2, 3)}
    return next(code for code in map("{:06d}".format, range(10)) if code not in near)


@path("setting up an app, and recovery codes with it", ENABLED, CODES)
def _app_is_set_up(stage: Stage) -> None:
    new = stage.api.post(f"{MINE}/totp", {"name": "My phone"}).json()["data"]
    code = code_of(secret_of(new["secret"]))
    assert stage.api.post(f"{MINE}/totp/{new['id']}/confirmation", {"code": code}).status_code == 200


@path("an app that is begun and not confirmed", *[])
def _app_is_not_confirmed(stage: Stage) -> None:
    new = stage.api.post(f"{MINE}/totp", {"name": "My phone"}).json()["data"]
    assert stage.api.post(f"{MINE}/totp/{new['id']}/confirmation", {"code": "abc"}).status_code == 422


@path("a password and a code", ENABLED, SIGNED_IN)
def _second_factor(stage: Stage) -> None:
    secret = stage.has_app()
    stage.enter_password()
    assert stage.browser.post(STEP, {"factor": "code", "code": code_of(secret)}).status_code == 302


@path("a password alone where a code is needed", ENABLED)
def _password_only(stage: Stage) -> None:
    stage.has_app()
    assert stage.enter_password().url.startswith(STEP)


@path("a password and a wrong code", ENABLED, FAILED)
def _wrong_code(stage: Stage) -> None:
    secret = stage.has_app()
    stage.enter_password()
    assert stage.browser.post(STEP, {"factor": "code", "code": wrong_code(secret)}).status_code == 422


@path("wrong codes until no more are looked at", ENABLED, *[FAILED] * 2)
def _wrong_codes(stage: Stage) -> None:
    stage.settings.SECOND_FACTOR_FAILURES = "2/1h"
    secret = stage.has_app()
    stage.enter_password()
    form = {"factor": "code", "code": wrong_code(secret)}
    assert [stage.browser.post(STEP, form).status_code for _ in range(3)] == [422, 422, 429]


@path("wrong codes until the door is locked", ENABLED, *[FAILED] * 2, ("sign_in.locked_out", "denied"))
def _locked_out(stage: Stage) -> None:
    stage.settings.SIGN_IN_FAILURES = 2
    secret = stage.has_app()
    stage.enter_password()
    form = {"factor": "code", "code": wrong_code(secret)}
    assert [stage.browser.post(STEP, form).status_code for _ in range(2)] == [422, 422]
    assert stage.enter_password().status_code == 429


@path("a password and a recovery code", ENABLED, CODES, ("mfa.recovery_code_used", "success"), SIGNED_IN)
def _recovery_code(stage: Stage) -> None:
    stage.has_app()
    codes = stage.api.post(f"{MINE}/recovery-codes").json()["data"]["codes"]
    stage.enter_password()
    assert stage.browser.post(STEP, {"factor": "recovery", "recovery_code": codes[0]}).status_code == 302


@path("a recovery code that was used before", ENABLED, CODES, ("mfa.recovery_code_used", "success"), SIGNED_IN, FAILED)
def _recovery_code_twice(stage: Stage) -> None:
    stage.has_app()
    codes = stage.api.post(f"{MINE}/recovery-codes").json()["data"]["codes"]
    statuses = []
    for browser in (Browser(), Browser()):
        browser.enter_password(START, stage.ada.user.email)
        statuses.append(browser.post(STEP, {"factor": "recovery", "recovery_code": codes[0]}).status_code)
    assert statuses == [302, 422]


@path("taking an app away", ENABLED, ("mfa.totp_disabled", "success"))
def _app_is_removed(stage: Stage) -> None:
    stage.has_app()
    (row,) = stage.api.get(MINE).json()["data"]["authenticators"]
    assert stage.api.delete(f"{MINE}/{row['id']}").status_code == 204


@path("a code on top of a sign-in", SIGNED_IN, ENABLED, ("sign_in.stepped_up", "success"))
def _step_up(stage: Stage) -> None:
    stage.enter_password()
    secret = stage.has_app()
    assert stage.browser.post(STEP, {"factor": "code", "code": code_of(secret)}).status_code == 302


# --- passkeys

ADDED, REFUSED = ("passkey.added", "success"), ("passkey.refused", "denied")


@path("a passkey and nothing else", ADDED, CODES, SIGNED_IN)
def _passkey(stage: Stage) -> None:
    assert stage.has_passkey().status_code == 201
    assert stage.use_passkey().status_code == 302


@path("a passkey that lies", ADDED, CODES, REFUSED)
def _lying_passkey(stage: Stage) -> None:
    stage.has_passkey()
    assert stage.use_passkey(rp_id="evil.example").status_code == 422


@path("a passkey of which there is a copy", ADDED, CODES, SIGNED_IN, REFUSED)
def _cloned_passkey(stage: Stage) -> None:
    stage.has_passkey()
    stage.use_passkey()
    stage.browser = Browser()
    assert stage.use_passkey(sign_count=1).status_code == 422


@path("a passkey that nobody here knows", *[])
def _unknown_passkey(stage: Stage) -> None:
    options = {"rp": {"id": "platform.example"}, "user": {"id": "eA"}, "challenge": "eA"}
    stage.phone.create(options)
    assert stage.use_passkey().status_code == 422


@path("a passkey of somebody who was suspended", ADDED, CODES, ("sign_in.failed", "denied"))
def _suspended(stage: Stage) -> None:
    stage.has_passkey()
    users.suspend_user(user_id=stage.ada.user_id)
    assert stage.use_passkey().status_code == 422


@path("a passkey where only staff may go", ADDED, CODES, ("sign_in.failed", "denied"))
def _passkey_of_no_staff(stage: Stage) -> None:
    stage.has_passkey()
    ceremony = stage.browser.post("/sign-in/passkey/options").json()
    form = {"credential": json.dumps(stage.phone.get(ceremony["options"])), "state": ceremony["state"]}
    assert stage.browser.post(PASSKEY, {**form, "next": "/admin/"}).status_code == 403


@path("a passkey after the password", ADDED, CODES, SIGNED_IN)
def _passkey_as_second_factor(stage: Stage) -> None:
    stage.has_passkey()
    stage.enter_password()
    assert stage.use_passkey(STEP).status_code == 302


@path("a lying passkey after the password", ADDED, CODES, REFUSED)
def _lying_passkey_as_second_factor(stage: Stage) -> None:
    stage.has_passkey()
    stage.enter_password()
    assert stage.use_passkey(STEP, rp_id="evil.example").status_code == 422


@path("a passkey that cannot be added", REFUSED)
def _refused_registration(stage: Stage) -> None:
    stage.phone.origin = "https://evil.example"
    assert stage.has_passkey().status_code == 422


@path("taking a passkey away", ADDED, CODES, ("passkey.removed", "success"))
def _passkey_is_removed(stage: Stage) -> None:
    stage.has_passkey()
    (row,) = stage.api.get(MINE).json()["data"]["authenticators"]
    assert stage.api.delete(f"{MINE}/{row['id']}").status_code == 204


# --- API keys

MADE, USED, REVOKED = (("api_key.created", "success"), ("api_key.used", "success"), ("api_key.revoked", "success"))


def call(key: str, address: str = "192.0.2.1") -> int:
    return Client(headers={"x-api-key": key}, REMOTE_ADDR=address).get("/api/v1/me").status_code


@path("making a key", MADE)
def _key(stage: Stage) -> None:
    stage.new_key()


@path("using a key, again and again", MADE, USED)
def _key_is_used(stage: Stage) -> None:
    key = stage.new_key()["key"]
    assert [call(key) for _ in range(3)] == [200] * 3


@path("using a key from elsewhere", MADE, *[USED] * 2)
def _key_is_used_elsewhere(stage: Stage) -> None:
    key = stage.new_key()["key"]
    assert [call(key), call(key, "192.0.2.2"), call(key, "192.0.2.2")] == [200] * 3


@path("rotating a key", MADE, MADE)
def _key_is_rotated(stage: Stage) -> None:
    made = stage.new_key()
    assert stage.api.post(f"{KEYS}/{made['id']}/rotation", {"overlap_s": 60}).status_code == 201


@path("revoking a key, twice", MADE, REVOKED)
def _key_is_revoked(stage: Stage) -> None:
    made = stage.new_key()
    for _ in range(2):
        stage.api.delete(f"{KEYS}/{made['id']}")
    assert stage.api.get(f"{KEYS}/{made['id']}").json()["data"]["state"] == "revoked"


@path("using a key that was revoked, again and again", MADE, REVOKED, ("api_key.refused", "failure"))
def _revoked_key_is_used(stage: Stage) -> None:
    made = stage.new_key()
    stage.api.delete(f"{KEYS}/{made['id']}")
    assert [call(made["key"]) for _ in range(3)] == [401] * 3


@pytest.mark.parametrize("name", PATHS)
def test_each_path_is_recorded_exactly_once(name: str, company: Any, settings: Any, published: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.BASE_URL = ORIGIN  # passkeys need a domain
    do, expected = PATHS[name]
    ada = MembershipFactory(roles=("clerk",), name="Ada King")
    users.set_password(user_id=ada.user_id, password=PASSWORD)
    before = len(published.events())

    do(Stage(ada, settings))

    told = [event for event in published.events()[before:] if isinstance(event, SecurityEventRecorded)]
    assert [(event.kind, event.outcome) for event in told] == expected
