"""The ids of a stream's events: where a client stands in a log, as a text that says nothing.

A place is the order of all tenants' events, so its number would tell how busy the others are. It is sealed with
AES-SIV (RFC 5297) under a key of SECRET_KEY, bound to tenant and service: an id of another tenant does not open. The
same event has the same id every time.
"""

from __future__ import annotations

import base64
import binascii
import struct
from functools import lru_cache
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from django.conf import settings

from apps.core.crypto.sealing import derived_key
from apps.core.events.tail import LogPlace
from apps.core.tenancy import require_tenant_id

_PLACE = struct.Struct(">Q16s")


class UnknownId(ValueError):
    """No id that was told here to this tenant."""


def id_of(place: LogPlace, *, service: str) -> str:
    """The id that stands for a place, for the current tenant."""
    sealed = _cipher(settings.SECRET_KEY).encrypt(_PLACE.pack(place.position, place.event_id.bytes), _bound_to(service))
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def place_of(text: str, *, service: str) -> LogPlace:
    """The place that an id of the current tenant stands for. Raises UnknownId."""
    try:
        sealed = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), b"-_", validate=True)
        position, event_id = _PLACE.unpack(_opened(sealed, service))
    except (ValueError, binascii.Error, struct.error) as error:
        raise UnknownId(text) from error
    return LogPlace(position, UUID(bytes=event_id))


def _opened(sealed: bytes, service: str) -> bytes:
    for secret in [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]:
        try:
            return _cipher(secret).decrypt(sealed, _bound_to(service))
        except InvalidTag:
            continue
    raise UnknownId


def _bound_to(service: str) -> list[bytes]:
    return [require_tenant_id().bytes, service.encode()]


@lru_cache(maxsize=16)
def _cipher(secret: str) -> AESSIV:
    return AESSIV(derived_key(secret, "event stream"))
