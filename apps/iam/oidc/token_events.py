"""What the security log is told of tokens, each thing once, and together with what it tells of."""

from __future__ import annotations

import hashlib
from typing import Any

from apps.core.events import unit_of_work
from apps.core.history import Actor
from apps.iam.audit.commands import record_security_event
from apps.iam.audit.kinds import Kind, Outcome
from apps.iam.oidc.models import AccessToken, Application, DeviceAuthorization, Grant, RefreshToken

_NAMES = {Grant: "authorization_code", RefreshToken: "refresh_token", DeviceAuthorization: "device_code"}


def refreshed(row: RefreshToken, client: Application) -> None:
    """A refresh token was exchanged for new tokens. For the transaction that makes them."""
    _record(Kind.TOKEN_REFRESHED, row, client, by=_person(row.user))


def end_replayed(row: Any, client: Application) -> None:
    """End the family of a code or refresh token that came a second time, and tell of it where anything was left to end.

    Somebody has a copy of it, and nobody can say who: so all that came from that sign-in at that client is over (RFC
    6749 §4.1.2, RFC 9700 §4.14.2).
    """
    with unit_of_work(RefreshToken):
        # Locked, so that of several copies that come at once one alone finds something to end.
        family = RefreshToken.objects.filter(token_family=row.token_family, revoked__isnull=True)
        alive = len(family.select_for_update().order_by("pk").values_list("pk", flat=True))
        alive += AccessToken.objects.filter(token_family=row.token_family).count()
        RefreshToken.revoke_family(row.token_family)
        if alive:
            _record(Kind.TOKEN_REPLAYED, row, client, outcome=Outcome.DENIED, credential=_NAMES[type(row)])


def alive(token: str, client: Application) -> RefreshToken | AccessToken | None:
    """The token by its text, if it is this client's and not yet over; a refresh token is locked. Two statements."""
    mine = {"token_checksum": hashlib.sha256(token.encode()).hexdigest(), "application": client}
    refresh = RefreshToken.objects.select_for_update().filter(**mine, revoked__isnull=True).first()
    return refresh or AccessToken.objects.select_for_update().filter(**mine).first()


def revoked(row: RefreshToken | AccessToken, client: Application) -> None:
    """A client gave a token back (RFC 7009). For the transaction in which it does."""
    what = "refresh_token" if isinstance(row, RefreshToken) else "access_token"
    by = _person(row.user) if row.user else Actor(kind="service", id=client.id, name=client.name)
    _record(Kind.TOKEN_REVOKED, row, client, by=by, credential=what)


def _record(
    kind: Kind, row: Any, client: Application, *, outcome: Outcome = Outcome.SUCCESS, by: Any = None, **details: str
) -> None:
    record_security_event(
        kind,
        subject_id=row.user_id or client.id,
        outcome=outcome,
        actor=by,
        tenant_id=row.tenant_id,
        session_id=str(row.sid or ""),
        details={"client_id": client.client_id, "client": client.name, **details},
    )


def _person(user: Any) -> Actor:
    return Actor(kind="user", id=user.pk, name=user.name)
