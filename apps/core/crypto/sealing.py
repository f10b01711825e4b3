"""Authenticated encryption of what is kept elsewhere: tokens in Redis, a sign-in in a cookie, secrets in tables.

AES-256-GCM with keys derived from SECRET_KEY (HKDF-SHA-256, RFC 5869), one per purpose. What was sealed for one place
cannot be opened in another: the place is authenticated with it. SECRET_KEY_FALLBACKS open what older keys sealed.
"""

from __future__ import annotations

import base64
import os
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

_NONCE_BYTES = 12


class Unreadable(ValueError):
    """Sealed with another key, for another place, or changed since."""


def seal(data: bytes, *, purpose: str, place: str) -> bytes:
    """Encrypt `data` for one place, which need not be secret."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(derived_key(settings.SECRET_KEY, purpose)).encrypt(nonce, data, place.encode())


def unseal(sealed: bytes, *, purpose: str, place: str) -> bytes:
    """What was sealed for this purpose and place. Raises Unreadable."""
    nonce, body = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    for secret in [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]:
        try:
            return AESGCM(derived_key(secret, purpose)).decrypt(nonce, body, place.encode())
        except (InvalidTag, ValueError):
            continue
    raise Unreadable


def seal_text(data: bytes, *, purpose: str, place: str) -> str:
    """As `seal`, in characters that a cookie may hold."""
    return base64.urlsafe_b64encode(seal(data, purpose=purpose, place=place)).decode().rstrip("=")


def unseal_text(text: str, *, purpose: str, place: str) -> bytes:
    """As `unseal`, for `seal_text`. Raises Unreadable."""
    try:
        sealed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError as error:
        raise Unreadable from error
    return unseal(sealed, purpose=purpose, place=place)


@lru_cache(maxsize=64)
def derived_key(secret: str, purpose: str) -> bytes:
    """32 bytes for one purpose (HKDF-SHA-256). Whoever knows them learns nothing about another purpose's."""
    derivation = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=f"platform {purpose}".encode())
    return derivation.derive(secret.encode())
