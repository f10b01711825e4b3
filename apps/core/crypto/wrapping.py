"""Data keys are kept wrapped: encrypted with a key-encryption key that no database and no backup of one holds.

AES-256-GCM with a key derived from an entry of KEY_ENCRYPTION_KEYS (HKDF-SHA-256). The first entry wraps; every entry
unwraps, and each wrapped key says which one it needs.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from apps.core.crypto.sealing import Unreadable, derived_key

_NONCE_BYTES = 12
_KEY_BYTES = 32
_WRAPS, _NAMES = "wrapping of data keys", "names of key-encryption keys"


class KeyEncryptionKeyMissing(ImproperlyConfigured):
    """None of KEY_ENCRYPTION_KEYS is the one that this data key was wrapped with. Nobody's data is at fault."""


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A data key as it is kept, and the name of what it was wrapped with."""

    content: bytes
    by: str


def new_key() -> bytes:
    """32 random bytes."""
    return os.urandom(_KEY_BYTES)


def newest_name() -> str:
    """The name of the key-encryption key that wraps now."""
    return _name(settings.KEY_ENCRYPTION_KEYS[0])


def wrap(key: bytes, *, place: str) -> Wrapped:
    """The key, wrapped by the newest key-encryption key for one place, and useless in any other."""
    newest, nonce = settings.KEY_ENCRYPTION_KEYS[0], os.urandom(_NONCE_BYTES)
    content = AESGCM(derived_key(newest, _WRAPS)).encrypt(nonce, key, place.encode())
    return Wrapped(nonce + content, _name(newest))


def unwrap(wrapped: Wrapped, *, place: str) -> bytes:
    """The key that was wrapped for this place. Raises Unreadable, KeyEncryptionKeyMissing."""
    for secret in settings.KEY_ENCRYPTION_KEYS:
        if _name(secret) == wrapped.by:
            return _opened(wrapped.content, derived_key(secret, _WRAPS), place)
    raise KeyEncryptionKeyMissing(f"KEY_ENCRYPTION_KEYS has no key named {wrapped.by}")


def _opened(content: bytes, key: bytes, place: str) -> bytes:
    try:
        return AESGCM(key).decrypt(content[:_NONCE_BYTES], content[_NONCE_BYTES:], place.encode())
    except (InvalidTag, ValueError) as error:
        raise Unreadable("a wrapped data key was changed, or moved here from elsewhere") from error


def _name(secret: str) -> str:
    """16 hex digits, which tell nothing about the key."""
    return derived_key(secret, _NAMES)[:8].hex()
