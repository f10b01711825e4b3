"""The form of an API key: `pfk_`, the tenant, 256 random bits, a checksum.

The prefix and the checksum let a secret scanner tell a key from any other text without asking anybody. The tenant, no
secret, says where to look the key up, so that row-level security holds before it is known who calls. All is written in
base 62, and a key is one word to select and copy.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import string
import zlib
from uuid import UUID

PREFIX = "pfk_"
_DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase
_TENANT_LENGTH, _SECRET_LENGTH, _CHECKSUM_LENGTH = 22, 43, 6
_SECRET_BITS = 256
# For scanners, too: documented for operators in docs/configuration.md.
PATTERN = rf"{PREFIX}[0-9A-Za-z]{{{_TENANT_LENGTH + _SECRET_LENGTH + _CHECKSUM_LENGTH}}}"
_KEY = re.compile(PATTERN)


def new_key(tenant_id: UUID) -> str:
    """A fresh key of a tenant's. Whoever asks for it shows it once and keeps `digest_of` it."""
    body = f"{PREFIX}{_written(tenant_id.int, _TENANT_LENGTH)}"
    body += _written(secrets.randbits(_SECRET_BITS), _SECRET_LENGTH)
    return body + _checksum(body)


def looks_like_one(text: str) -> bool:
    """True if the text was meant as an API key, well formed or not."""
    return text.startswith(PREFIX)


def tenant_of(key: str) -> UUID | None:
    """The tenant that a key names; None when it is no key of ours, mistyped for example."""
    if not _KEY.fullmatch(key) or _checksum(key[:-_CHECKSUM_LENGTH]) != key[-_CHECKSUM_LENGTH:]:
        return None
    number = _read(key[len(PREFIX) :][:_TENANT_LENGTH])
    return UUID(int=number) if number.bit_length() <= 128 else None


def digest_of(key: str) -> str:
    """What is kept of a key: SHA-256. A slow hash would protect guessable secrets, and 256 random bits are none."""
    return hashlib.sha256(key.encode()).hexdigest()


def hint_of(key: str) -> str:
    """Its end, by which people tell their keys apart: the checksum, which is of no use to anybody else."""
    return key[-_CHECKSUM_LENGTH:]


def _checksum(body: str) -> str:
    return _written(zlib.crc32(body.encode()), _CHECKSUM_LENGTH)


def _written(number: int, length: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return digits.rjust(length, _DIGITS[0])


def _read(text: str) -> int:
    number = 0
    for digit in text:
        number = number * len(_DIGITS) + _DIGITS.index(digit)
    return number
