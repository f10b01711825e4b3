"""States of event-sourced aggregates, without reading a long stream from its beginning each time (ADR 35).

A snapshot is what the first events came to, written by a command that had to read many, in its transaction. It is only
ever a shorter way: made by other code, damaged or missing, the events are read instead.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from django.conf import settings
from django.db import connections

from apps.core.crypto.sealing import Unreadable
from apps.core.db.ids import uuid7
from apps.core.events import log
from apps.core.events.concealing import Place
from apps.core.events.envelope import Envelope
from apps.core.events.folding import Fold, Known, S, as_of, code_of
from apps.core.events.personal import personal_fields
from apps.core.events.rows import COLUMNS, envelope_of
from apps.core.observability import get_logger
from apps.core.tenancy import require_tenant_id
from apps.core.tenancy.postgresql.kept_plans import KeptPlan

# One statement: the snapshot comes first, in the shape of an event without a type, then what happened after it; as of
# a moment, no further than to the next snapshot, which lies behind that moment.
_READ = KeptPlan(f"""
with ours as (
    select id, sequence, recorded_at, state from events_snapshot
    where tenant_id = %(tenant)s and aggregate_id = %(aggregate)s and code = %(code)s),
known as (select * from ours where recorded_at <= coalesce(%(at)s, 'infinity'::timestamptz)
          order by sequence desc limit 1)
select id, '', %(aggregate)s::uuid, '', 0::smallint, recorded_at, state::text, id, '', null::uuid, %(tenant)s::uuid,
       sequence, '', null::uuid, null from known
union all (
select {COLUMNS} from events_event event
where tenant_id = %(tenant)s and aggregate_id = %(aggregate)s
  and sequence > coalesce((select sequence from known), 0)
  and sequence <= coalesce((select min(sequence) from ours where recorded_at > %(at)s), 2147483647))
order by sequence
""")  # noqa: S608 (constant)

# Those of former code leave once no process of the release before runs any more.
_KEEP = """
with outdated as (delete from events_snapshot where tenant_id = %(tenant)s and aggregate_id = %(aggregate)s
                  and code <> %(code)s and made_at < now() - interval '1 day')
insert into events_snapshot (id, tenant_id, aggregate_id, code, sequence, recorded_at, state, made_at)
values (%(id)s, %(tenant)s, %(aggregate)s, %(code)s, %(sequence)s, %(since)s, %(state)s::jsonb, now())
on conflict do nothing
"""

logger = get_logger(__name__)


def state_of(fold: Fold[S], aggregate_id: UUID, *, using: str, at: datetime | None = None) -> Known[S] | None:
    """What an aggregate of the current tenant is, or was known to be at some moment; None: nothing had happened to it.

    One statement; for personal values of a snapshot, and for what was archived, one or two more. Raises InvalidMessage
    for an event that this process does not know.
    """
    known, since = _read(fold, aggregate_id, using=using, at=at)
    return as_of(since, fold, at, known=known)


def state_to_change(fold: Fold[S], aggregate_id: UUID, *, using: str) -> Known[S] | None:
    """The same for a command in its transaction, which leaves a snapshot where it read more than
    EVENTS_SNAPSHOT_EVERY events: one statement more then.
    """
    known, since = _read(fold, aggregate_id, using=using, at=None)
    now = as_of(since, fold, known=known)
    if now is not None and len(since) > settings.EVENTS_SNAPSHOT_EVERY:
        _keep(fold, aggregate_id, now, using=using)
    return now


def _read(
    fold: Fold[S], aggregate_id: UUID, *, using: str, at: datetime | None
) -> tuple[Known[S] | None, list[Envelope]]:
    """The newest snapshot that may be used, and what happened since."""
    rows = _rows(fold, aggregate_id, using=using, at=at)
    if not rows or rows[0].event_type:
        return None, log.with_archived(rows, aggregate_id, using=using, after=0)
    known = _known(fold, rows[0], using)
    if known is None:
        return None, log.stream(aggregate_id, using=using)
    return known, log.with_archived(rows[1:], aggregate_id, using=using, after=known.sequence)


def _rows(fold: Fold[Any], aggregate_id: UUID, *, using: str, at: datetime | None) -> list[Envelope]:
    values: dict[str, Any] = {"tenant": require_tenant_id(), "aggregate": aggregate_id, "code": code_of(fold), "at": at}
    with connections[using].cursor() as cursor:
        cursor.execute(_READ, values)
        return [envelope_of(row) for row in cursor.fetchall()]


def _known(fold: Fold[S], row: Envelope, using: str) -> Known[S] | None:
    """The snapshot in a row of that shape; None when it cannot be read."""
    place, state = _place(row.event_id, using), dict(row.payload)
    try:
        for field in personal_fields(fold.state):
            state[field.wire_name] = place.reveal(state[field.wire_name], field.wire_name)
        return Known(msgspec.convert(state, fold.state), row.metadata.sequence, row.timestamp)
    except (Unreadable, msgspec.ValidationError, LookupError) as error:
        logger.warning("events.snapshot_unreadable", snapshot=str(row.event_id), error=repr(error))
        return None


def _keep(fold: Fold[S], aggregate_id: UUID, known: Known[S], *, using: str) -> None:
    snapshot_id = uuid7()
    values: dict[str, Any] = {
        "id": snapshot_id,
        "tenant": require_tenant_id(),
        "aggregate": aggregate_id,
        "code": code_of(fold),
        "sequence": known.sequence,
        "since": known.since,
        "state": msgspec.json.encode(_sealed(fold, known.state, _place(snapshot_id, using))).decode(),
    }
    with connections[using].cursor() as cursor:
        cursor.execute(_KEEP, values)


def _sealed(fold: Fold[S], state: S, place: Place) -> dict[str, Any]:
    """As it is written: what is personal in it encrypted for whom it is about."""
    plain: dict[str, Any] = msgspec.to_builtins(state)
    hidden = {
        field.wire_name: place.conceal(plain[field.wire_name], field.wire_name, subject_id=field.subject_of(state))
        for field in personal_fields(fold.state)
    }
    return {**plain, **hidden}


def _place(snapshot_id: UUID, using: str) -> Place:
    return Place(using, require_tenant_id(), snapshot_id, kind="snapshot")
