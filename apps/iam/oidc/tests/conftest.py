from __future__ import annotations

from typing import Any

import pytest

from apps.iam.oidc.tests import identity


@pytest.fixture
def acme(db: None) -> Any:
    return identity.company("acme")


@pytest.fixture
def mia(acme: Any) -> identity.Somebody:
    return identity.member_of(acme)


@pytest.fixture
def browser() -> identity.Browser:
    return identity.Browser()


@pytest.fixture
def flow(mia: identity.Somebody, browser: identity.Browser) -> identity.Flow:
    """A sign-in at another application than ours, which the test plays."""
    client, secret = identity.second_client()
    return identity.Flow(client.client_id, secret, identity.SECOND_CLIENT_URI, browser)
