"""Remember that somebody has signed in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from apps.core.events import unit_of_work
from apps.core.history import current_origin
from apps.iam.sessions.devices import device_name
from apps.iam.sessions.models import Session


def begin_session(
    *, session_id: UUID, user_id: UUID, acr: str, amr: Sequence[str], expires_at: datetime, now: datetime
) -> None:
    """Begin a session, or go on in it with what was proved this time. Where from is taken from the request.

    Safe to repeat. A session that is over stays so: its tokens are refused, and the person signs in anew.
    """
    origin = current_origin()
    facts = {"acr": acr, "amr": list(amr), "last_seen_at": now, "expires_at": expires_at}
    with unit_of_work(Session):
        session, is_new = Session.objects.get_or_create(
            id=session_id,
            defaults={
                **facts,
                "user_id": user_id,
                "address": origin.address,
                "user_agent": origin.user_agent,
                "device": device_name(origin.user_agent),
            },
        )
        if not is_new:
            Session.objects.filter(id=session.id, user_id=user_id, ended_at__isnull=True).update(**facts)
