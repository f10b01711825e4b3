"""First passwords: made by the platform, shown once."""

from __future__ import annotations

import secrets

_WORDS = 4
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that people mistake for another


def one_time_password() -> str:
    """A random password for reading aloud, 95 bits: five letters, four times."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(_WORDS))
