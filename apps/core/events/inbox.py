"""Effects are kept once: an event's row in the inbox is written in the transaction of its effect."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from hashlib import blake2b
from typing import Any
from uuid import UUID

import psycopg
from django.db import OperationalError, connections

from apps.core.events.envelope import Envelope
from apps.core.tenancy.postgresql.kept_plans import KeptPlan

# Whether the keys are parked is asked in the same statement, so that the ordinary way costs one round trip. Rows are
# entered in the order of the log, as everybody does who enters many: nobody waits for the other in a circle.
_CLAIM = KeptPlan("""
with known as (select event_id from events_inbox where "group" = %(group)s and event_id = any(%(events)s)),
parked as (select distinct key from events_dead_letter where tenant_id = %(tenant)s and "group" = %(group)s
           and key = any(%(keys)s) and status in ('parked', 'retrying')),
claimed as (
    insert into events_inbox ("group", event_id, handled_at)
    select %(group)s, event_id, clock_timestamp()
    from unnest(%(events)s::uuid[], %(keys)s::uuid[]) with ordinality wanted (event_id, key, place)
    where not exists (select from parked where parked.key = wanted.key) order by place
    on conflict do nothing returning event_id)
select array(select event_id from claimed), array(select event_id from known), array(select key from parked)
""")


class Claim(Enum):
    """What is to be done with an event that arrived."""

    HANDLE = "handle"
    DONE = "done"
    WAIT = "wait"


class Busy(Exception):
    """Another reader has had the same event in hand for longer than the lock timeout. Not the event's fault."""


def claim(envelope: Envelope, *, group: str, using: str) -> Claim:
    """Enter the event into the group's inbox. WAIT when its key is parked: nothing was entered then.

    Waits for a reader that is handling the same event. Call it in the transaction of the effect. Raises Busy.
    """
    (claimed,) = claim_many([envelope], group=group, using=using)
    return claimed


def claim_many(envelopes: Sequence[Envelope], *, group: str, using: str) -> list[Claim]:
    """The same for events of one tenant; of one that is there twice the first is to be handled. One statement."""
    values: dict[str, Any] = {
        "group": group,
        "events": [envelope.event_id for envelope in envelopes],
        "tenant": envelopes[0].metadata.tenant_id,
        "keys": [envelope.aggregate_id for envelope in envelopes],
    }
    try:
        with connections[using].cursor() as cursor:
            cursor.execute(_CLAIM, values)
            claimed, known, parked = map(set, cursor.fetchone())
    except OperationalError as error:
        if isinstance(error.__cause__, psycopg.errors.LockNotAvailable | psycopg.errors.QueryCanceled):
            raise Busy(str(error)) from None
        raise
    return [_claim(envelope, claimed, known, parked) for envelope in envelopes]


def _claim(envelope: Envelope, claimed: set[UUID], known: set[UUID], parked: set[UUID]) -> Claim:
    if envelope.event_id in claimed:
        claimed.remove(envelope.event_id)
        known.add(envelope.event_id)
        return Claim.HANDLE
    return Claim.WAIT if envelope.aggregate_id in parked and envelope.event_id not in known else Claim.DONE


def enter(event_id: UUID, *, group: str, using: str) -> bool:
    """Enter an event by its id alone; False when it was there."""
    with connections[using].cursor() as cursor:
        cursor.execute(
            'insert into events_inbox ("group", event_id, handled_at) values (%s, %s, clock_timestamp()) '
            "on conflict do nothing",
            [group, event_id],
        )
        return bool(cursor.rowcount)


def leave(event_ids: Sequence[UUID], *, group: str, using: str) -> None:
    """Forget that events had their effect: they had none."""
    with connections[using].cursor() as cursor:
        cursor.execute('delete from events_inbox where "group" = %s and event_id = any(%s)', [group, list(event_ids)])


def lock_key(key: UUID, *, group: str, using: str) -> None:
    """Until the transaction ends, nobody else parks or retries events of this key."""
    number = int.from_bytes(blake2b(f"{group}:{key}".encode(), digest_size=8).digest(), "big", signed=True)
    with connections[using].cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [number])
