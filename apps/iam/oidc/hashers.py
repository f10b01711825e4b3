"""How the secrets of clients are kept. They are random, so a slow hash would only slow down our own token endpoint."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from django.contrib.auth.hashers import BasePasswordHasher


class RandomSecretHasher(BasePasswordHasher):
    """HMAC-SHA-256 with a salt, for secrets of at least 128 random bits. Never for passwords."""

    algorithm = "hmac_sha256"

    def encode(self, password: str, salt: str) -> str:
        digest = hmac.new(salt.encode(), password.encode(), hashlib.sha256).hexdigest()
        return f"{self.algorithm}${salt}${digest}"

    def decode(self, encoded: str) -> dict[str, Any]:
        algorithm, salt, digest = encoded.split("$", 2)
        return {"algorithm": algorithm, "salt": salt, "hash": digest}

    def verify(self, password: str, encoded: str) -> bool:
        return hmac.compare_digest(encoded, self.encode(password, self.decode(encoded)["salt"]))

    def safe_summary(self, encoded: str) -> Any:
        return {"algorithm": self.algorithm}

    def harden_runtime(self, password: str, encoded: str) -> None:
        """Nothing to level out: every check takes the same time."""
