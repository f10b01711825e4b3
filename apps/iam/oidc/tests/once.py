"""Mia and her sign-in, made once for the tests of a class: for modules that import these in place of the conftest's.

What a test commits would stay, so that tests with transactions of their own cannot use them.
"""

from __future__ import annotations

from functools import cache
from http.cookies import SimpleCookie
from typing import Any

import pytest
import redis
from django.conf import settings
from django.utils import timezone

from apps.iam.oidc import signing_keys
from apps.iam.oidc.tests import identity
from tests.callers import forget_signing_keys


class Kept:
    """What a browser and Redis hold now, for browsers of later tests: Redis is emptied after each."""

    def __init__(self, browser: identity.Browser) -> None:
        self._cookies = browser.cookies.output(header="", sep=";")
        self._rows = {url: _rows(server) for url, server in _servers().items()}

    def given_to(self, browser: identity.Browser) -> None:
        browser.cookies = SimpleCookie(self._cookies)
        for url, server in _servers().items():
            for key, lives_ms, value in self._rows[url]:
                server.restore(key, lives_ms, value, replace=True)


@cache
def _servers() -> dict[str, Any]:
    return {url: redis.Redis.from_url(url) for url in (settings.REDIS_URL, settings.CACHE_REDIS_URL)}


def _rows(server: Any) -> list[tuple[bytes, int, bytes]]:
    return [(key, max(server.pttl(key), 0), server.dump(key)) for key in server.keys("*")]


@pytest.fixture(scope="class")
def acme(kept_by_class: None) -> Any:
    forget_signing_keys()
    signing_keys.ensure(now=timezone.now())  # not in a test, which would take them along
    return identity.company("acme")


@pytest.fixture(scope="class")
def mia(acme: Any) -> identity.Somebody:
    return identity.member_of(acme)


@pytest.fixture(scope="class")
def second_client(acme: Any) -> tuple[Any, str]:
    """Another application than ours, and its secret."""
    return identity.second_client()


@pytest.fixture(scope="class")
def sign_in_of_mia(mia: identity.Somebody) -> Kept:
    browser = identity.Browser()
    browser.enter_password("/", mia.email)
    return Kept(browser)


@pytest.fixture
def browser(db: None, sign_in_of_mia: Kept) -> identity.Browser:
    """One in which Mia is signed in."""
    browser = identity.Browser()
    sign_in_of_mia.given_to(browser)
    return browser


@pytest.fixture
def flow(second_client: tuple[Any, str], browser: identity.Browser) -> identity.Flow:
    """Mia on her way to the shop, which the test plays."""
    client, secret = second_client
    return identity.Flow(client.client_id, secret, identity.SECOND_CLIENT_URI, browser)
