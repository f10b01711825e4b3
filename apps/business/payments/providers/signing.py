"""Signatures of webhook calls as Stripe makes them: `Stripe-Signature: t=<unix time>,v1=<hex>[,v1=<hex>]`.

Signed is `<t>.<body>` with HMAC-SHA-256. While a secret is being replaced there is one `v1` by each. The time is
signed too, so that an old call cannot be played again. Source: docs.stripe.com/webhooks, "Verify signatures manually".
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime

from apps.business.payments.errors import NoticeRefused

HEADER = "stripe-signature"
TOLERANCE_S = 300


def signature(secret: str, body: bytes, *, at: datetime) -> str:
    """The header's value."""
    timestamp = int(at.timestamp())
    return f"t={timestamp},v1={_digest(secret, timestamp, body)}"


def verify(header: str, secret: str, body: bytes, *, now: datetime) -> None:
    """Raises NoticeRefused unless the header was made with the secret, for this body, within five minutes."""
    timestamp, digests = _parts(header)
    if not secret or not any(hmac.compare_digest(_digest(secret, timestamp, body), one) for one in digests):
        raise NoticeRefused("the signature is not the provider's")
    if abs(now.timestamp() - timestamp) > TOLERANCE_S:
        raise NoticeRefused("the signature is too old")


def _parts(header: str) -> tuple[int, list[str]]:
    pairs = [part.strip().partition("=")[::2] for part in header.split(",")]
    times = [value for name, value in pairs if name == "t" and value.isascii() and value.isdigit()]
    digests = [value for name, value in pairs if name == "v1" and value.isascii()]
    if len(times) != 1 or len(times[0]) > 12 or not digests:
        raise NoticeRefused("the signature is not well formed")
    return int(times[0]), digests


def _digest(secret: str, timestamp: int, body: bytes) -> str:
    return hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
