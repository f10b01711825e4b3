"""Reads of sessions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F, Max, Q, QuerySet, Subquery
from django.db.models.functions import JSONObject

from apps.core.tenancy import require_tenant_id
from apps.iam.sessions.errors import SessionNotFound
from apps.iam.sessions.events import Kind
from apps.iam.sessions.models import LogoutNotice, Session


@dataclass(frozen=True, slots=True)
class Standing:
    """What a token's session amounts to at this moment."""

    user_id: UUID
    last_seen_at: datetime
    expires_at: datetime
    ended: bool
    impersonator_id: UUID | None

    def is_over(self, *, at: datetime) -> bool:
        return self.ended or self.expires_at <= at

    @classmethod
    def of(cls, facts: dict[str, Any] | None) -> Standing | None:
        """From what `standing` put beside a row of another feature; None when there is no such session."""
        if not facts:
            return None
        impersonator = facts["impersonator"]
        return cls(
            user_id=UUID(facts["user"]),
            last_seen_at=datetime.fromisoformat(facts["seen"]),
            expires_at=datetime.fromisoformat(facts["expires"]),
            ended=facts["ended"] is not None,
            impersonator_id=UUID(impersonator) if impersonator else None,
        )


def standing(sid: UUID) -> Subquery:
    """For annotating rows of another feature: `Standing.of` reads it. So that asking costs no statement of its own."""
    facts = JSONObject(
        user=F("user_id"),
        seen=F("last_seen_at"),
        expires=F("expires_at"),
        ended=F("ended_at"),
        impersonator=F("impersonator_id"),
    )
    return Subquery(Session.objects.filter(id=sid).values(facts=facts))


def id_of(session_id: str) -> UUID | None:
    """The id that a principal names, who may come without a session."""
    return UUID(session_id) if session_id else None


def is_live(sid: UUID, *, now: datetime) -> bool:
    """True while tokens of this session are good. One statement."""
    return bool(_live(now).filter(id=sid).exists())


def is_impersonation(sid: UUID) -> bool:
    """True for a session in which somebody acts as somebody else. One statement."""
    return bool(Session.objects.filter(id=sid, kind=Kind.IMPERSONATION).exists())


def impersonator_of(sid: UUID) -> UUID | None:
    """Who acts as the person in this session, if anybody does. One statement."""
    found: UUID | None = Session.objects.filter(id=sid).values_list("impersonator_id", flat=True).first()
    return found


def sessions_of(user_id: UUID, *, now: datetime) -> QuerySet[Session]:
    """The live sessions of a person, and those in which they act as somebody else, latest seen first. One statement."""
    return _listed(_live(now).filter(Q(user_id=user_id) | Q(impersonator_id=user_id)))


def kept_sessions(user_id: UUID, *, everywhere: bool) -> QuerySet[Session]:
    """Every session of a person that is still kept, those that are over too; without `everywhere` only those that were
    used in the current tenant. One statement.
    """
    rows = Session.objects.filter(user_id=user_id).order_by("-created_at", "-id")
    found: QuerySet[Session] = rows if everywhere else rows.filter(tenant_ids__contains=[require_tenant_id()])
    return found


def sessions_in_tenant(user_id: UUID, *, now: datetime) -> QuerySet[Session]:
    """Those that were used in the current tenant; what somebody does elsewhere is not its business. One statement."""
    return sessions_of(user_id, now=now).filter(tenant_ids__contains=[require_tenant_id()])


def last_seen(user_ids: Iterable[UUID]) -> dict[UUID, datetime]:
    """When people were last in the current tenant themselves, as far as sessions are still kept. One statement."""
    mine = Session.objects.filter(
        user_id__in=list(user_ids), kind=Kind.SIGN_IN, tenant_ids__contains=[require_tenant_id()]
    )
    return dict(mine.values_list("user_id").annotate(latest=Max("last_seen_at")))


def session_of(user_id: UUID, session_id: UUID, *, now: datetime) -> Session:
    """One of `sessions_of`. Raises SessionNotFound."""
    return _found(sessions_of(user_id, now=now).filter(id=session_id))


def session_in_tenant(user_id: UUID, session_id: UUID, *, now: datetime) -> Session:
    """One of `sessions_in_tenant`. Raises SessionNotFound."""
    return _found(sessions_in_tenant(user_id, now=now).filter(id=session_id))


def lock_session(session_id: UUID) -> Session:
    """A session, also one that is over, locked to the end of the transaction. Raises SessionNotFound."""
    return _found(
        Session.objects.select_for_update(of=("self",)).select_related("user", "impersonator").filter(id=session_id)
    )


def live_ids(
    *,
    now: datetime,
    user_id: UUID | None = None,
    impersonator_id: UUID | None = None,
    parent_id: UUID | None = None,
    tenant_id: UUID | None = None,
) -> list[UUID]:
    """The ids of the live sessions that fit all that is given, in order, for ending each in turn."""
    wanted = {"user_id": user_id, "impersonator_id": impersonator_id, "parent_id": parent_id, "tenant_id": tenant_id}
    rows = _live(now).filter(**{name: value for name, value in wanted.items() if value is not None})
    return list(rows.order_by("id").values_list("id", flat=True))


def expired_ids(*, now: datetime, limit: int) -> list[UUID]:
    """The ids of sessions whose time has passed and that nobody has ended yet, the oldest first."""
    rows = Session.objects.filter(ended_at__isnull=True, expires_at__lte=now).order_by("expires_at", "id")
    return list(rows.values_list("id", flat=True)[:limit])


def notices_of(session_id: UUID) -> list[UUID]:
    """The ids of the clients' notices of a session's end that are not delivered yet."""
    rows = LogoutNotice.objects.filter(session_id=session_id, status=LogoutNotice.Status.PENDING)
    return list(rows.order_by("id").values_list("id", flat=True))


def due_notices(*, now: datetime, limit: int) -> list[UUID]:
    """The ids of the notices that wait for an attempt, the longest waiting first."""
    rows = LogoutNotice.objects.filter(status=LogoutNotice.Status.PENDING, next_attempt_at__lte=now)
    return list(rows.order_by("next_attempt_at", "id").values_list("id", flat=True)[:limit])


def _live(now: datetime) -> Any:
    return Session.objects.filter(ended_at__isnull=True, expires_at__gt=now)


def _listed(rows: Any) -> QuerySet[Session]:
    return rows.select_related("user", "impersonator").order_by("-last_seen_at", "-id")  # type: ignore[no-any-return]


def _found(rows: Any) -> Session:
    session: Session | None = rows.first()
    if session is None:
        raise SessionNotFound
    return session
