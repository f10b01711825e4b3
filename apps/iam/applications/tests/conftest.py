from __future__ import annotations

from typing import Any

import pytest

from apps.iam.oidc.clients import commands as clients
from apps.iam.oidc.tests import identity

CALLBACK = "https://shop.example/callback"


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    """Argon2 is slow on purpose; that it is used is for the tests of people to show."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS]


@pytest.fixture
def told(published) -> Any:
    """What the security log was told of a kind."""
    return lambda kind: [event for event in published.events() if getattr(event, "kind", "") == kind]


@pytest.fixture
def shop(company, by_owner) -> Any:
    """A web application of the company's, with its secret."""
    return clients.register(kind="web", name="Web shop", redirect_uris=[CALLBACK], actor=by_owner)


@pytest.fixture
def mia(company) -> identity.Somebody:
    """A member who can sign in."""
    return identity.member_of(company)


@pytest.fixture
def flow(shop, mia) -> identity.Flow:
    """Mia's browser on its way to the shop."""
    return identity.Flow(shop.client.client_id, shop.secret, CALLBACK, identity.Browser())
