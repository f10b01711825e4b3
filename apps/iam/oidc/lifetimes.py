"""For how long tokens of a client are good. Read by the settings, so nothing of Django's apps may be imported here."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

LONGEST_ACCESS_TOKEN_S = 3600  # that a client may wish for


def access_token_lifetime_s(request: Any) -> int:
    """oauthlib's hook: seconds that the access token for this request is good; a client may have a wish of its own."""
    return int(request.client.access_token_lifetime_s or settings.ACCESS_TOKEN_LIFETIME_S)


def refresh_is_over(client: Any, issued_at: datetime, *, now: datetime) -> bool:
    """True if the client's refresh tokens are good for less long than the platform's, and this one is over."""
    lifetime_s = client.refresh_token_lifetime_s
    return lifetime_s is not None and issued_at + timedelta(seconds=lifetime_s) <= now
