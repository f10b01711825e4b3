"""Leave to act as somebody, as a token: the subject token of a token exchange (RFC 8693).

It is about the person (`sub`) and says who may act for them (`may_act`, §4.4): an administrator, who proves to be it by
an access token of their own, the actor token. Its `jti` becomes the id of the session, so it is good once.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from apps.core.db.ids import uuid7
from apps.iam.oidc import keys
from apps.iam.sessions.errors import InvalidSubjectToken

LIFETIME_S = 60
TYPE = "impersonation+jwt"
_ALGORITHMS = ["ES256", "RS256"]


@dataclass(frozen=True, slots=True)
class Leave:
    """Somebody (`actor_id`) may act as a person in a tenant, in a session that is to have this id."""

    session_id: UUID
    user_id: UUID
    actor_id: UUID
    tenant_id: UUID
    reason: str


def issued(*, user_id: UUID, actor_id: UUID, tenant_id: UUID, reason: str) -> tuple[str, int]:
    """The token, and when it ends (seconds since the epoch)."""
    now = int(time.time())
    claims = {
        "iss": settings.OIDC_ISSUER,
        "aud": settings.OIDC_ISSUER,
        "sub": str(user_id),
        "may_act": {"sub": str(actor_id)},
        "tenant": str(tenant_id),
        "reason": reason,
        "jti": str(uuid7()),
        "iat": now,
        "exp": now + LIFETIME_S,
    }
    return keys.signed(claims, typ=TYPE), now + LIFETIME_S


def read(token: str) -> Leave:
    """What we said in it. Raises InvalidSubjectToken."""
    try:
        decoded = jwt.decode(token, KeySet.import_key_set({"keys": keys.published()}), algorithms=_ALGORITHMS)
        claims: dict[str, Any] = decoded.claims
        if decoded.header.get("typ") != TYPE or claims["iss"] != settings.OIDC_ISSUER:
            raise InvalidSubjectToken
        if claims["aud"] != settings.OIDC_ISSUER or claims["exp"] < time.time():
            raise InvalidSubjectToken("the subject token is over: ask for another one")
        return Leave(
            session_id=UUID(claims["jti"]),
            user_id=UUID(claims["sub"]),
            actor_id=UUID(claims["may_act"]["sub"]),
            tenant_id=UUID(claims["tenant"]),
            reason=claims["reason"],
        )
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise InvalidSubjectToken from error
