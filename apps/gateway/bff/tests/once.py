"""Mia and a browser of hers, signed in once for the tests of a class: for modules that import these in place of the
conftest's. What a test commits would stay, so that tests with transactions of their own cannot use them.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest

from apps.gateway.bff.tests.conftest import commands, identity, sign_in

once: Any = import_module("apps.iam.oidc.tests.once")
acme = once.acme


@pytest.fixture(scope="class")
def mia(acme: Any) -> Any:
    """A manager of acme; the gateway is registered."""
    commands.ensure_bff_client()
    return identity.member_of(acme)


@pytest.fixture(scope="class")
def sign_in_of_mia(mia: Any) -> Any:
    browser = identity.Browser(enforce_csrf_checks=True)
    sign_in(browser, mia.email)
    return once.Kept(browser)


@pytest.fixture
def signed_in(sign_in_of_mia: Any, browser: Any) -> Any:
    """A browser in which Mia is signed in."""
    sign_in_of_mia.given_to(browser)
    return browser
