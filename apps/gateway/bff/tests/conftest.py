from __future__ import annotations

from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

import pytest

# By name: the gateway's code must know nothing of iam's, but its tests need people who sign in.
identity: Any = import_module("apps.iam.oidc.tests.identity")
commands: Any = import_module("apps.iam.oidc.commands")


@pytest.fixture
def mia(db: None) -> Any:
    """A manager of acme; the gateway is registered."""
    commands.ensure_bff_client()
    return identity.member_of(identity.company("acme"))


@pytest.fixture
def browser() -> Any:
    return identity.Browser(enforce_csrf_checks=True)


@pytest.fixture
def signed_in(mia: Any, browser: Any) -> Any:
    """A browser in which Mia is signed in."""
    sign_in(browser, mia.email)
    return browser


def to_callback(browser: Any, email: str, *, next_path: str = "/") -> str:
    """Sign in as far as the address that the provider sends the browser back to."""
    response = browser.go(browser.get("/auth/login", {"next": next_path}).url)
    if response.url.startswith("/sign-in/"):
        target = dict(pair.split("=") for pair in urlsplit(response.url).query.split("&"))["next"]
        from urllib.parse import unquote

        response = browser.go(browser.enter_password(unquote(target), email).url)
    return str(response.url)


def sign_in(browser: Any, email: str, *, next_path: str = "/") -> Any:
    """Sign in; the answer of the callback."""
    return browser.go(to_callback(browser, email, next_path=next_path))
