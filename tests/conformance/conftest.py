"""The provider from outside: a person, their browser, and a relying party that the test plays. HTTP only."""

from __future__ import annotations

import pytest

from apps.iam.oidc.tests.once import acme, browser, flow, mia, second_client, sign_in_of_mia

__all__ = ["acme", "browser", "flow", "mia", "second_client", "sign_in_of_mia"]


@pytest.fixture(autouse=True)
def _database(db: None) -> None:
    """What a test writes goes with it, though the people stay."""
