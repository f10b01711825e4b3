"""Note that a session is being used."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db.models import Case, F, Func, QuerySet, UUIDField, Value, When

from apps.iam.sessions.models import Session


def note_use(*, session_id: UUID, tenant_id: UUID | None, now: datetime) -> bool:
    """Remember the tenant in which tokens of a session are being issued; False when it is over: then none may be.

    Call it in the transaction that stores the tokens. The session's row stays locked to the end of it, so that whoever
    ends the session meanwhile waits, and finds the tokens.
    """
    values: dict[str, Any] = {"last_seen_at": now}
    if tenant_id is not None:
        mine = Value(tenant_id, output_field=UUIDField())
        known = When(tenant_ids__contains=[tenant_id], then=F("tenant_ids"))
        longer = Func(F("tenant_ids"), mine, function="array_append", output_field=ArrayField(UUIDField()))
        values |= {"tenant_id": tenant_id, "tenant_ids": Case(known, default=longer)}
    return bool(_rows(session_id).filter(ended_at__isnull=True, expires_at__gt=now).update(**values))


def note_seen(*, session_id: UUID, last_seen_at: datetime, now: datetime) -> None:
    """Remember that the session was used just now, unless that was remembered a moment ago (SESSION_SEEN_S)."""
    if now - last_seen_at >= timedelta(seconds=settings.SESSION_SEEN_S):
        _rows(session_id).filter(ended_at__isnull=True, last_seen_at=last_seen_at).update(last_seen_at=now)


def _rows(session_id: UUID) -> Any:
    """Past `Session.objects`, which would count it as a change: the ETag would be another one at every look."""
    return QuerySet(Session).filter(id=session_id)
