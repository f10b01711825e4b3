"""Codes that change every thirty seconds: RFC 6238 (TOTP) over RFC 4226 (HOTP), as authenticator apps know them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import struct
from datetime import datetime
from io import BytesIO
from urllib.parse import quote, urlencode

import qrcode
from qrcode.image.svg import SvgPathFillImage

DIGITS = 6
STEP_S = 30
DRIFT_STEPS = 1  # RFC 6238 §5.2: one step for clocks that differ and people who type slowly
_SECRET_BYTES = 20  # RFC 4226 §4, R6


def new_secret() -> bytes:
    """160 random bits."""
    return secrets.token_bytes(_SECRET_BYTES)


def text_key(secret: bytes) -> str:
    """The secret as people type it into an app: base32, without padding."""
    return base64.b32encode(secret).decode().rstrip("=")


def code_at(secret: bytes, step: int) -> str:
    """The code of one time step (RFC 4226 §5.3)."""
    digest = hmac.new(secret, struct.pack(">Q", step), hashlib.sha1).digest()
    offset = digest[-1] & 0x0F
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}d}"


def step_at(now: datetime) -> int:
    """The time step of a moment, counted from the epoch."""
    return int(now.timestamp()) // STEP_S


def matching_step(secret: bytes, code: str, *, now: datetime, after: int) -> int | None:
    """The time step that the code belongs to, if it is near `now` and later than `after`; else None."""
    typed = "".join(code.split())
    if len(typed) != DIGITS or not (typed.isascii() and typed.isdigit()):
        return None
    current = step_at(now)
    steps = range(max(current - DRIFT_STEPS, after + 1), current + DRIFT_STEPS + 1)
    found = [step for step in steps if hmac.compare_digest(code_at(secret, step), typed)]
    return found[0] if found else None


def provisioning_uri(secret: bytes, *, account: str, issuer: str) -> str:
    """What the QR code says: the key URI format that authenticator apps read."""
    query = {"secret": text_key(secret), "issuer": issuer, "algorithm": "SHA1", "digits": DIGITS, "period": STEP_S}
    return f"otpauth://totp/{quote(issuer)}:{quote(account)}?{urlencode(query, quote_via=quote)}"


def qr_data_url(text: str) -> str:
    """A QR code as an SVG image that a page shows without asking for it: nothing of it is in any log or cache."""
    buffer = BytesIO()
    qrcode.make(text, image_factory=SvgPathFillImage, border=2).save(buffer)
    return "data:image/svg+xml;base64," + base64.b64encode(buffer.getvalue()).decode()
