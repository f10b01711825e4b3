"""A code or refresh token is good once, however many come with it at the same time (RFC 9700 §4.5 and §4.14)."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import F
from django.utils import timezone
from oauthlib.oauth2.rfc6749 import errors

from apps.iam.oidc import device_codes, sign_in
from apps.iam.oidc.models import DeviceAuthorization, Grant, RefreshToken
from apps.iam.sessions import commands as sessions


class Replayed(Exception):
    """A code or refresh token was used a second time."""

    def __init__(self, row: DeviceAuthorization | Grant | RefreshToken) -> None:
        self.row = row
        super().__init__()


def use_session(found: sign_in.SignIn | None, request: Any) -> None:
    """Nothing is issued in a session that is over. Raises InvalidGrantError."""
    if found is None or found.sid is None:
        return
    if not sessions.note_use(session_id=found.sid, tenant_id=found.tenant_id, now=timezone.now()):
        raise errors.InvalidGrantError(description="The session has ended.", request=request)


def use_up(request: Any) -> DeviceAuthorization | Grant | RefreshToken | None:
    """Lock the code or refresh token that is exchanged and make sure that nobody was faster. Raises Replayed."""
    if request.grant_type == "authorization_code":
        grant: Grant = vars(request)["grant"]
        if not Grant.objects.filter(pk=grant.pk, redeemed_at__isnull=True).update(redeemed_at=timezone.now()):
            raise Replayed(grant)
        return grant
    if request.grant_type == "refresh_token":
        row = RefreshToken.objects.select_for_update().get(pk=vars(request)["refresh_token_instance"].pk)
        # django-oauth-toolkit would answer a concurrent second use with the tokens of the first, which it no longer
        # has when they are stored as hashes.
        if row.revoked is not None:
            raise Replayed(row)
        return row
    if request.grant_type == device_codes.GRANT_TYPE:
        device = DeviceAuthorization.objects.select_for_update().get(pk=vars(request)["device"].pk)
        if device.status != DeviceAuthorization.Status.ALLOWED:
            raise Replayed(device)
        device.status = DeviceAuthorization.Status.REDEEMED
        device.save(update_fields=["status"])
        return device
    return None


def unanswered(used: RefreshToken, client: Any, *, now: datetime) -> RefreshToken | None:
    """The successor of a refresh token that comes a second time, where the answer with that successor was lost.

    So it is with our own gateway alone, which proves who it is and asks once at a time; for BFF_REFRESH_GRACE_S, and as
    long as nobody has used the successor. Anything else is a replay (RFC 9700 §4.14.2).
    """
    since = now - timedelta(seconds=settings.BFF_REFRESH_GRACE_S)
    is_ours = client.client_id == settings.OIDC_RP_CLIENT_ID and used.application_id == client.pk
    if not is_ours or used.revoked is None or used.revoked <= since:
        return None
    successors = RefreshToken.objects.filter(access_token__source_refresh_token=used, revoked__isnull=True)
    return successors.select_related("user", "application").first()  # type: ignore[no-any-return]


def used_already(refresh_token: str) -> RefreshToken | None:
    """The refresh token, if it was used or revoked before. The library would end its family, but tell nobody."""
    rows = RefreshToken.objects.filter(token_checksum=hashlib.sha256(refresh_token.encode()).hexdigest())
    row = rows.select_related("application").order_by(F("revoked").desc(nulls_first=True)).first()
    return row if row is not None and row.revoked is not None else None
