from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from apps.iam.audit.events import SecurityEventRecorded
from apps.iam.facade import iam
from apps.iam.oidc.tests import identity
from apps.iam.sessions.tests.factories import SessionFactory

LINUX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    """Argon2 is slow on purpose; that it is used is for the tests of people to show."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS]


@pytest.fixture
def mia(db: None) -> identity.Somebody:
    """Somebody who signs in with a password."""
    return identity.member_of(identity.company("acme"))


@pytest.fixture
def browser() -> identity.Browser:
    """Mia's browser."""
    return identity.Browser(headers={"user-agent": LINUX})


@pytest.fixture
def flow(mia: identity.Somebody, browser: identity.Browser) -> identity.Flow:
    """Mia's way to a shop, which the test plays."""
    client, secret = identity.second_client()
    return identity.Flow(client.client_id, secret, identity.SECOND_CLIENT_URI, browser)


@pytest.fixture
def session_of(company) -> Callable[..., Any]:
    """A live session of a member, in the company."""
    return lambda membership, **fields: SessionFactory(user=membership.user, tenant_id=company.id, **fields)


@pytest.fixture
def told(published) -> Callable[[], list[tuple[str, str]]]:
    """The security events so far: kind, and why."""
    return lambda: [
        (event.kind, event.details.get("because", ""))
        for event in published
        if isinstance(event, SecurityEventRecorded)
    ]


@pytest.fixture
def now():
    return timezone.now()


def claims_of(session, **others: Any) -> dict[str, Any]:
    """What an access token of the session says."""
    said = {
        "sub": str(session.user_id),
        "client_id": settings.OIDC_RP_CLIENT_ID,
        "tenant": str(session.tenant_id),
        "scope": "api",
    }
    return {**said, "sid": str(session.id), **others}


def principal_of(session, **others: Any) -> Any:
    """The principal of a token of the session. Raises Unauthenticated."""
    return iam.principal(claims=claims_of(session, **others))
