"""What one batch of the log does to a shadow."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from uuid import UUID

from django.db.models import Q

from apps.core.events import Envelope
from apps.core.events.dead_letters import envelope_of
from apps.core.events.delivery import call_handlers
from apps.core.events.models import DeadLetter
from apps.core.events.retry import is_outage
from apps.core.projections.definition import Projection, replaying
from apps.core.projections.errors import ReplayFailed
from apps.core.projections.log import Place
from apps.core.projections.tables import shadowed
from apps.core.tenancy import tenant

Then = Callable[[], None]


def apply(projection: Projection, places: Sequence[Place], then: Then) -> int:
    """Bring the events of some places into the shadow, and do `then` in the same transaction; returns how many.

    Raises ReplayFailed, which names the event. Then nothing of this is kept.
    """
    wanted = [place.envelope for place in places if place.envelope is not None]
    try:
        with shadowed(projection.using):
            _apply_by_tenant(projection, wanted)
            then()
    except Exception as error:
        if is_outage(error):
            raise
        raise _blamed(projection, wanted, error) from error
    return len(wanted)


def _apply_by_tenant(projection: Projection, envelopes: Sequence[Envelope]) -> None:
    """Tenants one after the other: what happened to one is nothing to the others, so only its own order counts."""
    for tenant_id, happened in _by_tenant(envelopes).items():
        with tenant(tenant_id), replaying():
            _apply_in_tenant(projection, happened)


def _apply_in_tenant(projection: Projection, envelopes: Sequence[Envelope]) -> None:
    decided = _as_decided(projection, envelopes)
    if projection.group.many is not None and decided:
        projection.group.many(decided)
        return
    for envelope in decided:
        call_handlers(projection.group, envelope)


def _as_decided(projection: Projection, envelopes: Sequence[Envelope]) -> list[Envelope]:
    """The events as this group is to handle them: corrected where somebody did so, without what was discarded."""
    rows = DeadLetter.objects.using(projection.using).filter(
        Q(status=DeadLetter.Status.DISCARDED) | Q(corrected_at__isnull=False), group=projection.group_name
    )
    if not rows.exists():
        return list(envelopes)
    ids = [envelope.event_id for envelope in envelopes]
    rows = rows.extra(where=["event_id = any(%s)"], params=[ids])  # the ORM would look at each id by itself
    letters = {row.event_id: row for row in rows}
    return [kept for envelope in envelopes if (kept := _decided(envelope, letters.get(envelope.event_id)))]


def _decided(envelope: Envelope, letter: DeadLetter | None) -> Envelope | None:
    if letter is None:
        return envelope
    if letter.status == DeadLetter.Status.DISCARDED:
        return None
    return envelope_of(letter)


def _blamed(projection: Projection, envelopes: Sequence[Envelope], error: Exception) -> Exception:
    """The same once more, event by event, to name the one that fails; the error itself if now none does."""
    blamed: Envelope | None = None
    try:
        with shadowed(projection.using):
            for blamed in envelopes:
                _apply_by_tenant(projection, [blamed])
            raise _Undone
    except _Undone:
        return error
    except Exception as again:
        return _failed(blamed, again) if blamed else error


def _failed(envelope: Envelope, error: Exception) -> ReplayFailed:
    place = f"{envelope.aggregate_type} {envelope.aggregate_id} #{envelope.metadata.sequence}"
    name = f"{envelope.event_type} {envelope.event_id} ({place}, tenant {envelope.metadata.tenant_id})"
    return ReplayFailed(f"{name} cannot be replayed: {type(error).__name__}: {error}")


class _Undone(Exception):
    """Rolls a trial back."""


def _by_tenant(envelopes: Sequence[Envelope]) -> dict[UUID, list[Envelope]]:
    found: dict[UUID, list[Envelope]] = defaultdict(list)
    for envelope in envelopes:
        found[envelope.metadata.tenant_id].append(envelope)
    return found
