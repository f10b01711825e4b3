"""Links that are sent by mail: who holds one has proved that the mailbox is theirs.

Those of invitations hold a random secret, of which the database has the hash. All others are signed and name the state
they were made for: by a keyed fingerprint of the password and the address, which their own use changes. So they work
once, keep no row, and die with every change of the password. All begin alike, by which logs know what to hide.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.core import signing
from django.utils.crypto import constant_time_compare, salted_hmac

from apps.iam.credentials.errors import LinkIsOver

MARK = "lnk_"  # `core.observability.redaction` hides what follows it
_SECRET_BYTES = 24
_UUID_BYTES = 16


class Purpose(StrEnum):
    RESET_PASSWORD = "reset"  # noqa: S105
    VERIFY_EMAIL = "verify"
    CHANGE_EMAIL = "change"


LIFETIME_S = {
    Purpose.RESET_PASSWORD: 3600,
    Purpose.VERIFY_EMAIL: 7 * 24 * 3600,
    Purpose.CHANGE_EMAIL: 24 * 3600,
}


@dataclass(frozen=True, slots=True)
class InvitationToken:
    """The way to one invitation, and the secret that opens it."""

    tenant_id: UUID
    invitation_id: UUID
    secret: bytes

    @classmethod
    def new(cls, *, tenant_id: UUID, invitation_id: UUID) -> InvitationToken:
        return cls(tenant_id, invitation_id, secrets.token_bytes(_SECRET_BYTES))

    @classmethod
    def read(cls, token: str) -> InvitationToken:
        """Raises LinkIsOver."""
        try:
            packed = base64.b64decode(token.removeprefix(MARK), altchars=b"-_", validate=True)
        except ValueError as error:
            raise LinkIsOver from error
        if not token.startswith(MARK) or len(packed) != 2 * _UUID_BYTES + _SECRET_BYTES:
            raise LinkIsOver
        ids = packed[:_UUID_BYTES], packed[_UUID_BYTES : 2 * _UUID_BYTES]
        return cls(UUID(bytes=ids[0]), UUID(bytes=ids[1]), packed[2 * _UUID_BYTES :])

    @property
    def hash(self) -> str:
        """What is kept of the secret. It is random, so that a slow hash would add nothing."""
        return hashlib.sha256(self.secret).hexdigest()

    def __str__(self) -> str:
        packed = self.tenant_id.bytes + self.invitation_id.bytes + self.secret
        return MARK + base64.urlsafe_b64encode(packed).decode()


def signed(purpose: Purpose, user: Any, *, email: str = "") -> str:
    """A link's token for what this person is now. `email` travels with it, readable by whoever gets the link."""
    return MARK + signing.dumps([user.pk.hex, _fingerprint(purpose, user), email], salt=f"credentials.{purpose}")


@dataclass(frozen=True, slots=True)
class SignedLink:
    """Whom a link is for, and what it carries. Good only while `fits` says so."""

    purpose: Purpose
    user_id: UUID
    fingerprint: str
    email: str

    @classmethod
    def read(cls, purpose: Purpose, token: str) -> SignedLink:
        """Raises LinkIsOver for what we did not sign for this purpose, or too long ago."""
        if not token.startswith(MARK):
            raise LinkIsOver
        try:
            user_id, fingerprint, email = signing.loads(
                token.removeprefix(MARK), salt=f"credentials.{purpose}", max_age=LIFETIME_S[purpose]
            )
        except signing.BadSignature as error:
            raise LinkIsOver from error
        return cls(purpose, UUID(user_id), fingerprint, email)

    def check(self, user: Any) -> None:
        """Return while the person is still what they were. Call it under the lock. Raises LinkIsOver."""
        if user.is_deleted or not user.is_active:
            raise LinkIsOver
        if not constant_time_compare(self.fingerprint, _fingerprint(self.purpose, user)):
            raise LinkIsOver


def _fingerprint(purpose: Purpose, user: Any) -> str:
    """Changes with the password and the address; for verifying, once that is done as well."""
    state = [user.password, user.email_key]
    if purpose is Purpose.VERIFY_EMAIL:
        state.append(str(user.email_verified_at))
    return salted_hmac(f"credentials.{purpose}", "\n".join(state), algorithm="sha256").hexdigest()[:32]
