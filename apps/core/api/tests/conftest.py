from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from apps.core.auth.tokens import forget_keys

HERE = "apps.core.api.tests"


@pytest.fixture
def api(settings: Any, client: Client) -> Iterator[Client]:
    """A client of a small site of our own, behind the platform's real middleware."""
    settings.ROOT_URLCONF = f"{HERE}.site"
    settings.ACCESS_TOKEN_KEYS = f"{HERE}.callers.signing_keys"
    settings.PRINCIPAL_RESOLVER = f"{HERE}.callers.principal"
    settings.MIDDLEWARE = [m for m in settings.MIDDLEWARE if not m.startswith("apps.gateway.")]
    position = settings.MIDDLEWARE.index("django.middleware.common.CommonMiddleware")
    settings.MIDDLEWARE.insert(position, f"{HERE}.site.CookieMiddleware")
    settings.MIDDLEWARE.insert(position, "django.contrib.sessions.middleware.SessionMiddleware")
    forget_keys()
    yield client
    forget_keys()
