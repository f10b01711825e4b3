"""Codes for devices without a browser (RFC 8628): begun by the device, decided by a person elsewhere, redeemed once.

The device's code is random and kept as a hash. What people type is short, so it is kept as a keyed hash, lives for
minutes, and guessing it is slowed down (`device_pages`).
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.crypto import salted_hmac

from apps.core.events import unit_of_work
from apps.iam.oidc import sign_in
from apps.iam.oidc.errors import DeviceCodeUnknown
from apps.iam.oidc.models import Application, DeviceAuthorization

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"
INTERVAL_S = 5
# Consonants alone spell no words (RFC 8628 §6.1): 20⁸ codes, 34 bits.
_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
_LENGTH = 8
_BYTES = 32
_KEPT = timedelta(days=1)
_Status = DeviceAuthorization.Status


@dataclass(frozen=True, slots=True)
class Begun:
    """What the device is told. Neither code is kept."""

    device_code: str
    user_code: str
    expires_in_s: int


def begin(*, client: Application, scopes: Iterable[str], now: datetime) -> Begun:
    """Make a pair of codes for a device."""
    begun = Begun(secrets.token_urlsafe(_BYTES), _new_user_code(), settings.DEVICE_CODE_LIFETIME_S)
    with unit_of_work(DeviceAuthorization):
        DeviceAuthorization.objects.create(
            application=client,
            scope=" ".join(scopes),
            device_code_hash=_hash(begun.device_code),
            user_code_hash=_user_code_hash(begun.user_code),
            interval_s=INTERVAL_S,
            created_at=now,
            expires_at=now + timedelta(seconds=begun.expires_in_s),
        )
    return begun


def waiting(user_code: str, *, now: datetime) -> DeviceAuthorization:
    """What waits for a decision under this code, however it is typed. One statement. Raises DeviceCodeUnknown."""
    found: DeviceAuthorization | None = (
        DeviceAuthorization.objects.select_related("application")
        .filter(user_code_hash=_user_code_hash(user_code), status=_Status.PENDING, expires_at__gt=now)
        .first()
    )
    if found is None or not found.application.is_usable(None) or not _may_begin(found.application):
        raise DeviceCodeUnknown
    return found


def decide(*, authorization_id: UUID, user: Any, found: sign_in.SignIn, allow: bool, now: datetime) -> None:
    """Let the device in as this person in this sign-in, or refuse it; once. Raises DeviceCodeUnknown."""
    with unit_of_work(DeviceAuthorization):
        row = DeviceAuthorization.objects.select_for_update().filter(id=authorization_id).first()
        if row is None or row.status != _Status.PENDING or row.expires_at <= now:
            raise DeviceCodeUnknown
        row.status, row.user, row.decided_at = _Status.ALLOWED if allow else _Status.REFUSED, user, now
        sign_in.write_to(row, found)
        row.save()


def polled(device_code: str, *, client: Application, now: datetime) -> tuple[str, DeviceAuthorization | None]:
    """The device asks. Returns the state of its code, and the row where there is one.

    `authorization_pending`, `slow_down` (it must wait 5 s longer from now on), `access_denied`, `expired_token`,
    `authorized`, `redeemed`, or "" for a code that is none (RFC 8628 §3.5).
    """
    with unit_of_work(DeviceAuthorization):
        rows = DeviceAuthorization.objects.select_for_update().filter(application=client)
        row = rows.filter(device_code_hash=_hash(device_code)).first()
        if row is None:
            return "", None
        state = row.state_at(now)
        if state == "authorization_pending":
            if row.is_polled_too_fast(now):
                row.interval_s, state = row.interval_s + INTERVAL_S, "slow_down"
            row.polled_at = now
            row.save(update_fields=["interval_s", "polled_at"])
    return state, row


def forget_over(*, now: datetime) -> None:
    """Delete codes that are over for a day. Until then a second use is noticed. Safe to repeat."""
    DeviceAuthorization.objects.filter(expires_at__lt=now - _KEPT).delete()


def shown(user_code: str) -> str:
    """The code as people read it: in two halves."""
    letters = _letters(user_code)
    return f"{letters[:4]}-{letters[4:]}"


def _may_begin(client: Application) -> bool:
    return bool(client.allows_grant_type(Application.GRANT_DEVICE_CODE))


def _new_user_code() -> str:
    return shown("".join(secrets.choice(_LETTERS) for _ in range(_LENGTH)))


def _letters(user_code: str) -> str:
    return "".join(letter for letter in user_code.upper() if letter in _LETTERS)


def _hash(device_code: str) -> str:
    return hashlib.sha256(device_code.encode()).hexdigest()


def _user_code_hash(user_code: str) -> str:
    return salted_hmac("oidc.user_code", _letters(user_code), algorithm="sha256").hexdigest()
