"""The platform as it is configured behind TLS, for tests that look at cookies and headers there."""

from __future__ import annotations

import runpy
from typing import Any

import pytest

from apps.iam.oidc.tests.identity import Browser
from config.settings import core, security

_NAMES = ("TLS", "COOKIE_", "CSRF_", "SESSION_COOKIE_", "BFF_COOKIE_", "CONSISTENCY_", "DEVICE_", "SECURE_")


class HttpsBrowser(Browser):
    """A browser that was given an address with https."""

    def generic(self, *args: Any, **kwargs: Any) -> Any:
        return super().generic(*args, **{**kwargs, "secure": True})


@pytest.fixture
def https(monkeypatch: pytest.MonkeyPatch, settings: Any) -> HttpsBrowser:
    """A browser of an installation whose BASE_URL begins with https."""
    monkeypatch.setattr(core, "BASE_URL", "https://testserver")
    made = runpy.run_path(str(security.__file__))
    for name, value in made.items():
        if name.startswith(_NAMES):
            setattr(settings, name, value)
    return HttpsBrowser()
