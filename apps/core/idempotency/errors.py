"""Why a key was refused."""

from __future__ import annotations

from apps.core.errors import Conflict, Invalid


class KeyMalformed(Invalid):
    """Idempotency-Key must be 1 to 200 printable ASCII characters."""

    code = "idempotency_key_malformed"


class KeyReused(Invalid):
    """This Idempotency-Key was used for another request: a new request needs a new key."""

    code = "idempotency_key_reused"


class KeyInUse(Conflict):
    """A request with this Idempotency-Key is still being carried out: repeat it in a moment."""

    code = "idempotency_key_in_use"
    retry_after_s = 1
