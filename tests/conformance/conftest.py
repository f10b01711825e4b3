"""The provider from outside: a person, their browser, and a relying party that the test plays. HTTP only."""

from __future__ import annotations

from apps.iam.oidc.tests.conftest import _quick_passwords, acme, browser, flow, mia

__all__ = ["_quick_passwords", "acme", "browser", "flow", "mia"]
