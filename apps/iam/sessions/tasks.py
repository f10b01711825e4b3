"""Background work of sessions."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from celery import shared_task
from django.utils import timezone

from apps.core.db.after_commit import try_after_commit
from apps.core.db.router import alias_for
from apps.iam.sessions import commands, queries
from apps.iam.sessions.models import Session

_BATCH = 200


@shared_task(name="sessions.deliver_notice", acks_late=True)
def deliver_notice(*, notice_id: str, **_later: object) -> None:
    """Tell one client that a session has ended. Safe to run twice, or twice at once."""
    commands.deliver_notice(notice_id=UUID(notice_id), now=timezone.now())


@shared_task(name="sessions.deliver_due_notices", acks_late=True)
def deliver_due_notices(**_later: object) -> None:
    """Try again whom an earlier attempt did not reach, or a lost job forgot. Safe to run twice, or twice at once."""
    for notice_id in queries.due_notices(now=timezone.now(), limit=_BATCH):
        deliver_notice.delay(notice_id=str(notice_id))


@shared_task(name="sessions.end_expired", acks_late=True)
def end_expired(**_later: object) -> None:
    """End sessions whose time has passed, so that others hear of it. Safe to run twice, or twice at once."""
    commands.end_expired(now=timezone.now())


@shared_task(name="sessions.forget_old", acks_late=True)
def forget_old(**_later: object) -> None:
    """Delete what is remembered of sessions that ended long ago. Safe to run twice."""
    commands.forget_old(now=timezone.now())


def deliver_soon(notice_ids: Iterable[UUID]) -> None:
    """After the commit, a job for each. A broker that is away loses nothing: `deliver_due_notices` finds them."""
    for notice_id in notice_ids:
        facts = {"notice_id": str(notice_id)}
        try_after_commit(deliver_notice.apply_async, kwargs=facts, retry=False, using=alias_for(Session))
