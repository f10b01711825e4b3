"""Challenges of passkey ceremonies: bound to one browser or session, short-lived, good once.

A challenge travels sealed through the browser and comes back with the answer, so an anonymous visitor of the sign-in
page costs the server nothing; only answered ones are remembered, until they would be too old anyway.
"""

from __future__ import annotations

import hashlib
import secrets
import time

import msgspec
from django.conf import settings
from django.core.cache import caches

from apps.core.crypto.sealing import Unreadable, seal_text, unseal_text
from apps.iam.authenticators.errors import ChallengeUnknown

LIFETIME_S = 300
_PURPOSE = "passkey"
_CHALLENGE_BYTES = 32


class _State(msgspec.Struct, frozen=True):
    challenge: bytes
    expires_at: float


def issue(place: str) -> tuple[bytes, str]:
    """A new challenge, and the sealed state that must come back with its answer. `place` names ceremony and browser."""
    challenge = secrets.token_bytes(_CHALLENGE_BYTES)
    state = _State(challenge, time.time() + LIFETIME_S)
    return challenge, seal_text(msgspec.json.encode(state), purpose=_PURPOSE, place=place)


def redeem(state: str, place: str) -> bytes:
    """The challenge that was issued for this place, once. Raises ChallengeUnknown."""
    try:
        opened = msgspec.json.decode(unseal_text(state, purpose=_PURPOSE, place=place), type=_State)
    except (Unreadable, msgspec.DecodeError, UnicodeEncodeError) as error:
        raise ChallengeUnknown from error
    if opened.expires_at < time.time():
        raise ChallengeUnknown
    name = f"passkey.answered.{hashlib.sha256(opened.challenge).hexdigest()}"
    if not caches[settings.SESSION_CACHE_ALIAS].add(name, 1, LIFETIME_S + 60):
        raise ChallengeUnknown
    return opened.challenge
