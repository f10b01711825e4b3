"""Recovery codes: for the day on which the phone is gone."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from uuid import UUID

from django.conf import settings
from django.utils.crypto import salted_hmac

COUNT = 10
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that people mistake for another
_LENGTH = 12
_SALT = "apps.iam.authenticators.recovery"


def new_codes() -> list[str]:
    """Ten codes of 59 bits each, `abcd-efgh-jkmn`."""
    return [_written("".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))) for _ in range(COUNT)]


def fingerprint(code: str, *, user_id: UUID) -> str:
    """What is kept of a code: keyed with SECRET_KEY and the person, so that a copy of the table is of no use."""
    return _fingerprint(code, user_id, settings.SECRET_KEY)


def find(code: str, fingerprints: Sequence[str], *, user_id: UUID) -> str | None:
    """The kept fingerprint that the code belongs to, or None. Old keys count while SECRET_KEY_FALLBACKS names them."""
    typed = [_fingerprint(code, user_id, key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]
    found = [kept for kept in fingerprints for one in typed if hmac.compare_digest(kept, one)]
    return found[0] if found else None


def _fingerprint(code: str, user_id: UUID, key: str) -> str:
    plain = "".join(letter for letter in code.lower() if letter.isalnum())
    return salted_hmac(f"{_SALT}.{user_id}", plain, secret=key, algorithm="sha256").hexdigest()


def _written(letters: str) -> str:
    return "-".join(letters[start : start + 4] for start in range(0, _LENGTH, 4))
