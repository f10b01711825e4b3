"""The provider refuses to start when it would be weaker than it is meant to be."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.checks import run_checks
from oauth2_provider.settings import DEFAULTS

GATES = sorted(name for name in DEFAULTS if name.startswith("COMPLIANT_BCP_RFC9700_"))


def ids(tag: str = "security") -> set[str]:
    return {message.id for message in run_checks(tags=[tag]) if message.id}


class TestChecks:
    def test_are_content_with_ours(self) -> None:
        assert not {found for found in ids() if found.startswith(("oidc.", "bff."))}

    def test_know_ten_gates(self) -> None:
        assert len(GATES) == 10

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            *[(gate, False) for gate in GATES],
            ("PKCE_REQUIRED", False),
            ("REFRESH_TOKEN_REUSE_PROTECTION", False),
            ("ROTATE_REFRESH_TOKEN", False),
            ("REFRESH_TOKEN_GRACE_PERIOD_SECONDS", 5),
            ("ALLOW_URI_WILDCARDS", True),
        ],
    )
    def test_refuse_an_open_gate(self, settings: Any, name: str, value: Any) -> None:
        settings.OAUTH2_PROVIDER = {**settings.OAUTH2_PROVIDER, name: value}

        assert "oidc.E001" in ids()

    @pytest.mark.parametrize("issuer", ["testserver", "http://testserver/", "http://elsewhere"])
    def test_refuse_an_issuer_that_is_not_the_same_everywhere(self, settings: Any, issuer: str) -> None:
        settings.OIDC_ISSUER = issuer

        assert "oidc.E002" in ids()
