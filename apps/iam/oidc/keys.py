"""The provider's keys as a process uses them: the one to sign with, and those to publish.

They lie in the database, so all processes have the same. A process asks again every few seconds which one signs: keys
are retired with a longer notice than that.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import Any

from django.db.models import F, Q
from django.utils import timezone
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from apps.core.crypto.sealing import Unreadable, unseal
from apps.core.db.replicas import primary_only
from apps.iam.oidc import signing_keys
from apps.iam.oidc.errors import SigningKeyUnreadable
from apps.iam.oidc.models import ES256, SigningKey

READ_EVERY_S = 30.0

Key = ECKey | RSAKey


@dataclass(slots=True)
class _Known:
    by_algorithm: dict[str, tuple[Key, float]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


_known = _Known()


def signed(claims: dict[str, Any], *, typ: str, algorithm: str = ES256) -> str:
    """The claims as a JWT (RFC 7519). At most one statement, seldom. Raises SigningKeyUnreadable."""
    key = _signing_key(algorithm)
    return jwt.encode({"alg": algorithm, "typ": typ, "kid": key.kid}, claims, key)


def published() -> list[dict[str, Any]]:
    """The public keys of all tokens that may still be good, the signing ones first. One statement."""
    with primary_only():
        rows = list(SigningKey.objects.filter(Q(published_until=None) | Q(published_until__gt=timezone.now())))
    rows.sort(key=lambda row: (not row.is_signing, not row.is_next, row.algorithm, row.kid))
    return [row.public_jwk for row in rows]


def honest() -> list[dict[str, Any]]:
    """The public keys of everything that we ever signed, but for those that were withdrawn. One statement."""
    with primary_only():
        rows = SigningKey.objects.filter(Q(published_until=None) | Q(published_until__gt=F("retired_at")))
        return [row.public_jwk for row in rows]


def forget() -> None:
    """Ask the database anew at the next token."""
    _known.by_algorithm.clear()


def _signing_key(algorithm: str) -> Key:
    key, read_at = _known.by_algorithm.get(algorithm, (None, 0.0))
    if key is not None and time.monotonic() - read_at < READ_EVERY_S:
        return key
    with _known.lock:
        key = _opened(_row(algorithm))
        _known.by_algorithm[algorithm] = (key, time.monotonic())
    return key


def _row(algorithm: str) -> SigningKey:
    signing = SigningKey.objects.filter(algorithm=algorithm, activated_at__isnull=False, retired_at=None)
    with primary_only():
        row: SigningKey | None = signing.first()
    if row is None:  # the first token ever that is signed so
        signing_keys.ensure(algorithm, now=timezone.now())
        with primary_only():
            row = signing.get()
    return row


def _opened(row: SigningKey) -> Key:
    try:
        pem = unseal(bytes(row.private_key_sealed), purpose=signing_keys.PURPOSE, place=row.kid)
    except Unreadable as error:
        raise SigningKeyUnreadable from error
    kind = ECKey if row.algorithm == ES256 else RSAKey
    return kind.import_key(pem, {"kid": row.kid, "alg": row.algorithm, "use": "sig"})
