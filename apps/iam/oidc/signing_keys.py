"""Writes of the keys that tokens are signed with: making them, and letting the next one take over.

All of it happens under one lock of the database, so that processes which start or rotate at once end with the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connections, router
from joserfc.jwk import ECKey, RSAKey

from apps.core.crypto.sealing import seal
from apps.core.events import unit_of_work
from apps.core.history import SYSTEM, Actor
from apps.iam.audit.commands import record_security_event
from apps.iam.audit.kinds import Kind
from apps.iam.oidc.lifetimes import LONGEST_ACCESS_TOKEN_S
from apps.iam.oidc.models import ES256, SigningKey

PURPOSE = "signing key"
# How long after it was made a key may begin to sign: everybody who keeps our keys for minutes knows it by then.
NOTICE = timedelta(minutes=15)
_RSA_BITS = 2048  # RFC 7518 §3.3: the least that RS256 allows
# Beyond the life of the last token: a process may sign with a retired key until it asks again, and clocks differ.
_SLACK = timedelta(minutes=5)


def ensure(algorithm: str = ES256, *, now: datetime) -> None:
    """Make sure that there are a signing key and a next one. Safe to repeat, and to be done by many at once."""
    with _alone():
        _complete(algorithm, now)


def rotate(*, now: datetime, older_than: timedelta = NOTICE, actor: Actor = SYSTEM) -> list[SigningKey]:
    """Let the next keys sign in place of those that have signed for longer than `older_than`, and make new next ones.

    Returns the keys that sign from now on, one for each algorithm that was rotated. Safe to repeat: a key that has just
    begun to sign is left to it, and one that nobody can know yet never begins (NOTICE).
    """
    with _alone():
        return _rotated(now=now, before=now - max(older_than, NOTICE), actor=actor, withdraw=False)


def withdraw(*, now: datetime, actor: Actor = SYSTEM) -> list[SigningKey]:
    """Rotate because the signing keys may be in other hands: they are published no longer, at once.

    Their tokens are refused as soon as the verifiers have read the keys again (apps.core.auth.tokens.KEYS_FRESH_S).
    The next keys, which lay beside them, are replaced as well.
    """
    with _alone():
        SigningKey.objects.filter(activated_at=None).delete()
        return _rotated(now=now, before=now, actor=actor, withdraw=True)


def _rotated(*, now: datetime, before: datetime, actor: Actor, withdraw: bool) -> list[SigningKey]:
    rotated = []
    for algorithm in _algorithms():
        _complete(algorithm, now)
        signing = SigningKey.objects.get(algorithm=algorithm, activated_at__isnull=False, retired_at=None)
        following = SigningKey.objects.get(algorithm=algorithm, activated_at=None)
        is_known = withdraw or following.created_at <= now - NOTICE
        if is_known and signing.has_signed_since(before):
            _replace(signing, following, now=now, withdraw=withdraw)
            rotated.append(following)
    for key in rotated:
        details = {"algorithm": key.algorithm, "kid": key.kid, "withdrawn": str(withdraw).lower()}
        record_security_event(Kind.SIGNING_KEYS_ROTATED, subject_id=key.id, actor=actor, details=details)
    return rotated


def _replace(signing: SigningKey, following: SigningKey, *, now: datetime, withdraw: bool) -> None:
    lifetime = timedelta(seconds=max(settings.ACCESS_TOKEN_LIFETIME_S, LONGEST_ACCESS_TOKEN_S))
    signing.retired_at, signing.private_key_sealed = now, b""
    signing.published_until = now if withdraw else now + lifetime + _SLACK
    signing.save(update_fields=["retired_at", "published_until", "private_key_sealed"])
    following.activated_at = now
    following.save(update_fields=["activated_at"])
    _complete(following.algorithm, now)


def _complete(algorithm: str, now: datetime) -> None:
    live = SigningKey.objects.filter(algorithm=algorithm, retired_at=None)
    if not live.filter(activated_at__isnull=False).exists():
        _make(algorithm, now, activated_at=now)
    if not live.filter(activated_at=None).exists():
        _make(algorithm, now)


def _make(algorithm: str, now: datetime, *, activated_at: datetime | None = None) -> None:
    key = ECKey.generate_key("P-256") if algorithm == ES256 else RSAKey.generate_key(_RSA_BITS)
    kid = key.thumbprint()
    SigningKey.objects.create(
        kid=kid,
        algorithm=algorithm,
        public_jwk={**key.as_dict(private=False), "kid": kid, "alg": algorithm, "use": "sig"},
        private_key_sealed=seal(key.as_pem(private=True), purpose=PURPOSE, place=kid),
        created_at=now,
        activated_at=activated_at,
    )


def _algorithms() -> list[str]:
    """Those that are in use; ES256 always is."""
    return sorted({ES256, *SigningKey.objects.values_list("algorithm", flat=True).distinct()})


@contextmanager
def _alone() -> Iterator[None]:
    """A transaction in which nobody else makes or rotates keys."""
    with unit_of_work(SigningKey), connections[router.db_for_write(SigningKey)].cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended('oidc.signing_keys', 0))")
        yield
