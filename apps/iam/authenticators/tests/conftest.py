from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.core.events import log
from apps.iam.authenticators import commands, totp
from apps.iam.authenticators.commands import Assertion
from apps.iam.authenticators.models import Passkey
from apps.iam.authenticators.tests.software_authenticator import ORIGIN, SoftwareAuthenticator

PLACE = "this-browser"


@pytest.fixture(autouse=True)
def _at_a_domain(settings: Any) -> None:
    """Passkeys need one: tests run at an IP address otherwise."""
    settings.BASE_URL = ORIGIN


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def ada(company, member):
    return member("clerk", name="Ada King")


@pytest.fixture
def by_ada(ada, actor_of):
    return actor_of(ada)


@pytest.fixture
def told(company) -> Callable:
    """`told(user_id)`: the kinds of security events about somebody in the company, oldest first."""

    def kinds(subject_id):
        return [str(envelope.event().kind) for envelope in log.stream(subject_id, using="default")]

    return kinds


@pytest.fixture
def app_of(by_ada, now) -> Callable:
    """Sets up an authenticator app for a person; returns its secret as bytes."""

    def enrol(user_id, actor=by_ada, at=None):
        new = commands.begin_totp(user_id=user_id, actor=actor)
        secret = secret_of(new.secret)
        at = at or now - timedelta(minutes=5)
        code = totp.code_at(secret, totp.step_at(at))
        commands.confirm_totp(user_id=user_id, authenticator_id=new.authenticator.id, code=code, actor=actor, now=at)
        return secret

    return enrol


@pytest.fixture
def phone() -> SoftwareAuthenticator:
    return SoftwareAuthenticator()


@pytest.fixture
def passkey_of(phone, by_ada, now) -> Callable:
    """Registers a passkey of the phone for a person."""

    def register(user_id, actor=by_ada, name="Phone", device=phone) -> Passkey:
        ceremony = commands.begin_passkey(user_id=user_id, actor=actor, place=PLACE)
        answer = device.create(ceremony.options)
        return commands.add_passkey(
            user_id=user_id, answer=answer, state=ceremony.state, place=PLACE, name=name, actor=actor, now=now
        )

    return register


@pytest.fixture
def assertion(phone) -> Callable:
    """`assertion()`: the phone's answer to a sign-in; lies are handed on to it."""

    def use(device=phone, user_id=None, **lies) -> Assertion:
        ceremony = commands.begin_passkey_sign_in(place=PLACE, user_id=user_id)
        return Assertion(device.get(ceremony.options, **lies), ceremony.state, PLACE)

    return use


def secret_of(text: str) -> bytes:
    import base64

    return base64.b32decode(text + "=" * (-len(text) % 8))
