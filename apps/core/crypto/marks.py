"""Marks of sealed texts: whoever asks for a whole text finds its rows, and nobody can read one off its mark.

HMAC-SHA-256, cut to 128 bits, with a key that is derived from the tenant's first data key for one column: equal texts
have equal marks in one column of one tenant, and nowhere else. Case, width and white space make no difference.
"""

from __future__ import annotations

import base64
import hmac
import unicodedata

from apps.core.crypto.keys import Key, Owner, key_for_reading, key_for_writing

LENGTH = 22
_BYTES = 16
_VERSION = 1  # a tenant's first key stays, whatever encrypts now: marks of different days must be the same


def mark_to_keep(text: str, *, owner: Owner, place: str) -> str:
    """The mark of a text that is written; empty for a tenant whose keys were destroyed. Makes its key if need be."""
    newest = key_for_writing(owner)
    return _mark(newest if newest.version == _VERSION else key_for_reading(owner, _VERSION), text, place)


def mark_to_find(text: str, *, owner: Owner, place: str) -> str:
    """The mark that such texts have; empty where there can be none. Writes nothing."""
    return _mark(key_for_reading(owner, _VERSION), text, place)


def _mark(key: Key, text: str, place: str) -> str:
    if not key.secret:
        return ""
    derived = hmac.digest(key.secret, f"marks of {place}".encode(), "sha256")
    digest = hmac.digest(derived, _normal(text).encode("utf-8", "surrogatepass"), "sha256")
    return base64.urlsafe_b64encode(digest[:_BYTES]).decode().rstrip("=")


def _normal(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
