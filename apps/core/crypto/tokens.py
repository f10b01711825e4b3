"""Encrypted texts that are kept and sent in place of plain ones: `enc1.` and then base64url of

    subject (16 bytes)  version of the key (2)  nonce (12)  AES-256-GCM of the text in UTF-8

Tenant, subject, version and the place that the text stands in are authenticated with it: a token that was moved
elsewhere, changed or exchanged for another one does not open.
"""

from __future__ import annotations

import base64
import os
import re
import struct
from uuid import UUID

from cryptography.exceptions import InvalidTag

from apps.core.crypto.keys import Key, KeyDestroyed, Owner, is_known, key_for_reading, key_for_writing
from apps.core.crypto.sealing import Unreadable

PREFIX = "enc1."
PATTERN = r"enc1\.[A-Za-z0-9_-]{60,}"
"""What a token looks like; a text that only begins like one is none."""
ERASED = "[erased]"
"""What stands in the place of a text whose key was destroyed."""

_HEAD = struct.Struct(">16sh")  # the version as PostgreSQL keeps it, in a smallint
_NONCE_BYTES = 12


def is_token(text: str) -> bool:
    return text.startswith(PREFIX)


def is_whole_token(text: str) -> bool:
    """The same of a text that anybody may have written: an address may begin with our prefix too."""
    return text.startswith(PREFIX) and re.fullmatch(PATTERN, text) is not None


def subject_of(token: str) -> UUID:
    """Whose key opens a token. Raises Unreadable for what is none."""
    return _parts(token)[0]


def encrypt(text: str, *, owner: Owner, place: str) -> str:
    """The token that stands for a text in one place; ERASED for an owner whose keys were destroyed."""
    key = key_for_writing(owner)
    if key.cipher is None:
        return ERASED
    nonce = os.urandom(_NONCE_BYTES)
    body = key.cipher.encrypt(nonce, text.encode("utf-8", "surrogatepass"), _bound_to(owner, key.version, place))
    content = _HEAD.pack(owner.subject_id.bytes, key.version) + nonce + body
    return PREFIX + base64.urlsafe_b64encode(content).decode().rstrip("=")


def decrypt(token: str, *, database: str, tenant_id: UUID, place: str) -> str:
    """The text that a token stands for. Raises KeyDestroyed, and Unreadable for what we did not put there."""
    subject_id, version, nonce, body = _parts(token)
    owner = Owner(database, tenant_id, subject_id)
    return _text(key_for_reading(owner, version), nonce, body, _bound_to(owner, version, place))


def version_of(token: str) -> tuple[UUID, int]:
    """The subject and the version of the key that opens a token. Raises Unreadable for what is none."""
    return _parts(token)[:2]


def needs_statement(token: str, *, database: str, tenant_id: UUID) -> bool:
    """Whether to open it takes a look into the database. Raises Unreadable for what is no token."""
    subject_id, version = version_of(token)
    return not is_known(Owner(database, tenant_id, subject_id), version)


def opened(text: str, *, database: str, tenant_id: UUID, place: str) -> str:
    """The plain text, whether it is a token or was never encrypted; ERASED when its key is gone. Raises Unreadable."""
    if not is_token(text):
        return text
    try:
        return decrypt(text, database=database, tenant_id=tenant_id, place=place)
    except KeyDestroyed:
        return ERASED


def _text(key: Key, nonce: bytes, body: bytes, bound_to: bytes) -> str:
    if key.cipher is None:
        raise KeyDestroyed
    try:
        return key.cipher.decrypt(nonce, body, bound_to).decode("utf-8", "surrogatepass")
    except (InvalidTag, ValueError) as error:
        raise Unreadable("an encrypted text was changed, or moved here from elsewhere") from error


def _bound_to(owner: Owner, version: int, place: str) -> bytes:
    return f"{owner.tenant_id} {owner.subject_id} {version} {place}".encode()


def _parts(token: str) -> tuple[UUID, int, bytes, bytes]:
    text = token.removeprefix(PREFIX)
    try:
        content = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        subject, version = _HEAD.unpack_from(content)
    except (ValueError, struct.error) as error:
        raise Unreadable("this is no encrypted text") from error
    rest = content[_HEAD.size :]
    return UUID(bytes=subject), version, rest[:_NONCE_BYTES], rest[_NONCE_BYTES:]
