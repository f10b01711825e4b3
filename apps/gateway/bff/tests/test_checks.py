"""The gateway refuses to start when signing in would be weaker than it is meant to be."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.checks import run_checks


def ids(**kwargs: Any) -> set[str]:
    return {message.id for message in run_checks(tags=["security"], **kwargs) if message.id}


@pytest.mark.parametrize("timeout_s", [None, 0, -1, "5"])
def test_a_timeout_is_needed(settings: Any, timeout_s: Any) -> None:
    settings.OIDC_TIMEOUT = timeout_s

    assert "bff.E001" in ids()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OIDC_USE_PKCE", False),
        ("OIDC_PKCE_CODE_CHALLENGE_METHOD", "plain"),
        ("OIDC_USE_NONCE", False),
        ("OIDC_RP_SIGN_ALGO", "HS256"),
        ("OIDC_ALLOW_UNSECURED_JWT", True),
    ],
)
def test_nothing_may_be_weakened(settings: Any, name: str, value: Any) -> None:
    setattr(settings, name, value)

    assert "bff.E002" in ids()


def test_a_deployed_gateway_needs_its_secret(settings: Any) -> None:
    settings.OIDC_RP_CLIENT_SECRET = ""

    assert "bff.E003" in ids(include_deployment_checks=True)
    settings.SERVICES = ["business"]
    assert "bff.E003" not in ids(include_deployment_checks=True)
