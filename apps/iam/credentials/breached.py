"""Passwords that were found in stolen data: asked of a service that learns five of forty digits, or of a file.

The service speaks as Have I Been Pwned's range API does (k-anonymity: https://haveibeenpwned.com/API/v3#PwnedPasswords).
One that does not answer in time keeps nobody from choosing a password: it is logged, and the answer is no.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from apps.core.observability import get_logger
from apps.core.remote.outbound import AddressRefused, Unreachable, fetch
from apps.iam.credentials.dependencies import BREACHED_PASSWORDS

_PREFIX, _DIGITS = 5, 40
FEWEST_DIGITS = 10  # of a line in the file: fewer would take one in a million good passwords for a stolen one
_LONGEST_ANSWER = 1_000_000
_HEADERS = {"Accept": "text/plain", "Add-Padding": "true"}
_logger = get_logger("iam.credentials")


def is_known(password: str) -> bool:
    """True if a source that is set up knows the password. Without any: False."""
    digest = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()
    return _in_file(digest) or _at_service(digest)


def digits_per_line(path: str) -> int:
    """How many digits each line of the file has, as its first one says. Raises OSError, ValueError."""
    with Path(path).open("rb") as file:
        first = file.readline(128).strip().partition(b":")[0]
    int(first, 16)
    if not FEWEST_DIGITS <= len(first) <= _DIGITS:
        raise ValueError(f"a line has {FEWEST_DIGITS} to {_DIGITS} hexadecimal digits")
    return len(first)


def _at_service(digest: str) -> bool:
    if not settings.BREACHED_PASSWORDS_URL:
        return False
    url = f"{settings.BREACHED_PASSWORDS_URL.rstrip('/')}/{digest[:_PREFIX]}"
    try:
        answer = fetch(url, through=BREACHED_PASSWORDS, most_bytes=_LONGEST_ANSWER, headers=_HEADERS, is_ours=True)
    except (Unreachable, AddressRefused) as error:
        return _unknown(type(error).__name__)
    if answer.status != 200:
        return _unknown(f"answered {answer.status}")
    return _is_listed(answer.body.decode(errors="replace"), digest[_PREFIX:])


def _unknown(reason: str) -> bool:
    _logger.warning("breached passwords cannot be looked up", reason=reason)
    return False


def _is_listed(lines: str, suffix: str) -> bool:
    """A count of 0 is padding, which hides from the network how long the list is."""
    for line in lines.splitlines():
        listed, _, count = line.strip().partition(":")
        if listed.upper() == suffix and count.strip() != "0":
            return True
    return False


def _in_file(digest: str) -> bool:
    """By bisection: the file is sorted, and may be larger than memory."""
    path = settings.BREACHED_PASSWORDS_FILE
    if not path:
        return False
    try:
        wanted = digest[: digits_per_line(path)].encode()
        with Path(path).open("rb") as file:
            return _found(file, wanted)
    except (OSError, ValueError) as error:
        _logger.warning("the file of breached passwords cannot be read", reason=str(error))
        return False


def _found(file: BinaryIO, wanted: bytes) -> bool:
    """The smallest offset after which a line is not below `wanted`, and whether that line is it."""
    low, high = 0, file.seek(0, 2)
    while low < high:
        middle = (low + high) // 2
        line = _line_after(file, middle)
        if line and line < wanted:
            low = middle + 1
        else:
            high = middle
    return _line_after(file, low) == wanted


def _line_after(file: BinaryIO, offset: int) -> bytes:
    """The digits of the first line that begins at the offset or after it; nothing at the end of the file."""
    file.seek(max(0, offset - 1))
    if offset:
        file.readline()
    return file.readline().partition(b":")[0].strip().upper()
