"""Logout tokens (OpenID Connect Back-Channel Logout 1.0 §2.4)."""

from __future__ import annotations

import time
from uuid import UUID, uuid4

from django.conf import settings

from apps.iam.oidc import keys

EVENT = "http://schemas.openid.net/event/backchannel-logout"
LIFETIME_S = 120
TYPE = "logout+jwt"


def logout_token(*, session_id: UUID, subject: str, client_id: str, algorithm: str) -> str:
    """A fresh one, with an id of its own: a client that was told before, and whose answer got lost, takes it too."""
    now = int(time.time())
    claims = {
        "iss": settings.OIDC_ISSUER,
        "sub": subject,
        "aud": client_id,
        "iat": now,
        "exp": now + LIFETIME_S,
        "jti": str(uuid4()),
        "events": {EVENT: {}},
        "sid": str(session_id),
    }
    return keys.signed(claims, typ=TYPE, algorithm=algorithm)
