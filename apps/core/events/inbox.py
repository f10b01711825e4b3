"""Effects are kept once: an event's row in the inbox is written in the transaction of its effect."""

from __future__ import annotations

from enum import Enum
from hashlib import blake2b
from typing import Any
from uuid import UUID

import psycopg
from django.db import OperationalError, connections

from apps.core.events.envelope import Envelope

# Whether the key is parked is asked in the same statement, so that the ordinary way costs one round trip.
_CLAIM = """
with known as (select from events_inbox where "group" = %(group)s and event_id = %(event)s),
parked as (select from events_dead_letter where tenant_id = %(tenant)s and "group" = %(group)s and key = %(key)s
           and status in ('parked', 'retrying') limit 1),
claimed as (
    insert into events_inbox ("group", event_id, handled_at)
    select %(group)s, %(event)s, clock_timestamp() where not exists (select from parked)
    on conflict do nothing returning event_id)
select exists (select from claimed), exists (select from known), exists (select from parked)
"""


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
    values: dict[str, Any] = {
        "group": group,
        "event": envelope.event_id,
        "tenant": envelope.metadata.tenant_id,
        "key": envelope.aggregate_id,
    }
    try:
        with connections[using].cursor() as cursor:
            cursor.execute(_CLAIM, values)
            claimed, known, parked = cursor.fetchone()
    except OperationalError as error:
        if isinstance(error.__cause__, psycopg.errors.LockNotAvailable | psycopg.errors.QueryCanceled):
            raise Busy(str(error)) from None
        raise
    if claimed:
        return Claim.HANDLE
    return Claim.WAIT if parked and not known else Claim.DONE


def enter(event_id: UUID, *, group: str, using: str) -> bool:
    """Enter an event by its id alone; False when it was there."""
    with connections[using].cursor() as cursor:
        cursor.execute(
            'insert into events_inbox ("group", event_id, handled_at) values (%s, %s, clock_timestamp()) '
            "on conflict do nothing",
            [group, event_id],
        )
        return bool(cursor.rowcount)


def leave(event_id: UUID, *, group: str, using: str) -> None:
    """Forget that an event had its effect: it had none."""
    with connections[using].cursor() as cursor:
        cursor.execute('delete from events_inbox where "group" = %s and event_id = %s', [group, event_id])


def lock_key(key: UUID, *, group: str, using: str) -> None:
    """Until the transaction ends, nobody else parks or retries events of this key."""
    number = int.from_bytes(blake2b(f"{group}:{key}".encode(), digest_size=8).digest(), "big", signed=True)
    with connections[using].cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [number])
