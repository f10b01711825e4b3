"""Statements that anybody can check: compact JWS (RFC 7515) by an Ed25519 key of ours (RFC 8037, RFC 9864).

The key is derived from SECRET_KEY, one per purpose, so there is none to keep; SECRET_KEY_FALLBACKS vouch for what
older keys signed. Whoever holds the public key needs nothing else of the platform.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.conf import settings
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey

from apps.core.crypto.sealing import derived_key

_ALGORITHM = "Ed25519"


class NotSigned(ValueError):
    """The text is no statement that one of the keys has signed."""


def sign(statement: Mapping[str, Any], *, purpose: str) -> str:
    """The statement in JSON with a signature, in characters that a line of text may hold."""
    key = _key(settings.SECRET_KEY, purpose)
    header = {"alg": _ALGORITHM, "kid": key.kid}
    return jws.serialize_compact(header, msgspec.json.encode(statement), key, algorithms=[_ALGORITHM])


def signed(text: str, *, purpose: str, keys: Sequence[Mapping[str, Any]] | None = None) -> dict[str, Any]:
    """The statement behind a text that `sign` made. `keys` are public JWKs; ours when left out. Raises NotSigned."""
    try:
        known = KeySet.import_key_set({"keys": list(public_keys(purpose) if keys is None else keys)})  # type: ignore[arg-type]
        content = jws.deserialize_compact(text, known, algorithms=[_ALGORITHM]).payload
        return msgspec.json.decode(content, type=dict[str, Any])
    except (JoseError, ValueError, TypeError, KeyError, msgspec.DecodeError) as error:
        raise NotSigned(str(error)) from error


def public_keys(purpose: str) -> list[dict[str, Any]]:
    """The keys that check what we signed for this purpose (RFC 7517): the present one first."""
    return [
        {**_key(secret, purpose).as_dict(private=False), "alg": _ALGORITHM, "use": "sig"}
        for secret in [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    ]


@lru_cache(maxsize=16)
def _key(secret: str, purpose: str) -> OKPKey:
    private = Ed25519PrivateKey.from_private_bytes(derived_key(secret, f"sign {purpose}"))
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    key = OKPKey.import_key(pem)
    key.ensure_kid()
    return key
