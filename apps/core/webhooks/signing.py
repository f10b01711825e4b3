"""Signatures as the Standard Webhooks specification wants them (1.0.0, "Signature scheme" and "Webhook headers").

What is signed is `<id>.<timestamp>.<body>`, with HMAC-SHA-256. Neither the id nor the timestamp holds a dot. While a
secret is being replaced there is a signature by each, so that a receiver may change its own at any moment.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime

PREFIX = "whsec_"
KEY_BYTES = 32


def new_key() -> bytes:
    """A random key."""
    return secrets.token_bytes(KEY_BYTES)


def secret_of(key: bytes) -> str:
    """The key as people copy it: `whsec_…`."""
    return PREFIX + base64.b64encode(key).decode()


def signature(key: bytes, *, message_id: str, timestamp: int, body: bytes) -> str:
    """`v1,<signature in base64>`."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def headers(keys: Iterable[bytes], *, message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The headers that go with a body, signed by each of the keys."""
    timestamp = int(at.timestamp())
    signatures = [signature(key, message_id=message_id, timestamp=timestamp, body=body) for key in keys]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }
