"""The append-only log: one statement to append, and reads of one aggregate's stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from heapq import merge
from typing import Any
from uuid import UUID

import msgspec
from django.db import connections

from apps.core.db.ids import uuid7
from apps.core.errors import Overtaken
from apps.core.events import archive
from apps.core.events.concealing import Place, concealed_payload
from apps.core.events.definition import Definition, Event, definition_of, remembers_origin
from apps.core.events.envelope import PERSONAL_ORIGIN, Envelope, EventOrigin, being_handled
from apps.core.events.rows import COLUMNS, envelope_of
from apps.core.events.span import Mark, Span, mark_of
from apps.core.history import current_actor, current_origin
from apps.core.observability import trace_id, traceparent
from apps.core.tenancy import require_tenant_id
from apps.core.tenancy.postgresql.kept_plans import KeptPlan

# How the stream's row moves on. Its lock is held to the commit, so that the writers of one aggregate queue up here and
# the ids in events_pending rise with the sequence.
_ANY = """insert into events_stream as stream (tenant_id, aggregate_id, version) values (%(tenant)s, %(aggregate)s, 1)
    on conflict (tenant_id, aggregate_id) do update set version = stream.version + 1 returning version"""
_NEW = """insert into events_stream (tenant_id, aggregate_id, version) values (%(tenant)s, %(aggregate)s, 1)
    on conflict (tenant_id, aggregate_id) do nothing returning version"""
_NEXT = """update events_stream set version = version + 1 where tenant_id = %(tenant)s
    and aggregate_id = %(aggregate)s and version = %(expected)s returning version"""

_APPEND = """
with moved as ({move}),
appended as (
    insert into events_event (id, tenant_id, aggregate_type, aggregate_id, sequence, type, version, topic, payload,
                              causation_id, correlation_id, user_id, impersonator_id, traceparent, origin)
    select %(id)s, %(tenant)s, %(aggregate_type)s, %(aggregate)s, moved.version, %(type)s, %(version)s, %(topic)s,
           %(payload)s::jsonb, %(causation)s, %(correlation)s, %(user)s,
           %(impersonator)s, %(traceparent)s, %(origin)s::jsonb
    from moved returning id, recorded_at),
queued as (insert into events_pending (event_id, recorded_at) select id, recorded_at from appended)
select version from moved
"""
_STATEMENTS = {move: KeptPlan(_APPEND.format(move=move)) for move in (_ANY, _NEW, _NEXT)}

_BEGIN = """
with begun as (
    insert into events_stream (tenant_id, aggregate_id, version)
    select %(tenant)s, new.id, new.version from unnest(%(streams)s::uuid[], %(versions)s::int[]) as new (id, version)
    on conflict (tenant_id, aggregate_id) do nothing returning aggregate_id),
appended as (
    insert into events_event (id, tenant_id, aggregate_type, aggregate_id, sequence, type, version, topic, payload,
                              causation_id, correlation_id, user_id, impersonator_id, traceparent, origin)
    select new.id, %(tenant)s, new.aggregate_type, new.aggregate, new.sequence, new.type, new.version, new.topic,
           new.payload, %(causation)s, %(correlation)s, %(user)s, %(impersonator)s, %(traceparent)s, new.origin
    from unnest(%(id)s::uuid[], %(aggregate_type)s::text[], %(aggregate)s::uuid[], %(sequence)s::int[],
                %(type)s::text[], %(version)s::int[], %(topic)s::text[], %(payload)s::jsonb[], %(origin)s::jsonb[])
         as new (id, aggregate_type, aggregate, sequence, type, version, topic, payload, origin)
    order by new.id returning id, recorded_at),
queued as (insert into events_pending (event_id, recorded_at) select id, recorded_at from appended order by id)
select aggregate_id from begun
"""
_OF_EACH = ("id", "aggregate_type", "aggregate", "sequence", "type", "version", "topic", "payload", "origin")

_PAGE = 2000

Listener = Callable[[str, UUID, UUID], None]
_listeners: list[Listener] = []


def append(event: Event, *, using: str, command_id: UUID, expected: int | None = None) -> int:
    """Append one event inside the open transaction of `using`; returns its sequence. See `UnitOfWork.publish`."""
    definition, tenant_id = definition_of(type(event)), require_tenant_id()
    place = Place(using, tenant_id, uuid7())
    values = {**_values(event, definition, command_id, place), "tenant": tenant_id, "expected": expected}
    move = _ANY if expected is None else _NEXT if expected else _NEW
    with connections[using].cursor() as cursor:
        cursor.execute(_STATEMENTS[move], values)
        row = cursor.fetchone()
    if row is None:
        raise _overtaken(definition, values["aggregate"], expected, using)
    for listener in _listeners:
        listener(using, tenant_id, UUID(str(values["id"])))
    return int(row[0])


def begin_streams(streams: Sequence[Sequence[Event]], *, using: str, command_id: UUID) -> None:
    """Append all that has happened to many new aggregates. See `UnitOfWork.publish_all`."""
    tenant_id = require_tenant_id()
    values = [
        {
            **_values(event, definition_of(type(event)), command_id, Place(using, tenant_id, uuid7())),
            "sequence": sequence,
        }
        for events in streams
        for sequence, event in enumerate(events, start=1)
    ]
    if not values:
        return
    lengths = {events_values["aggregate"]: events_values["sequence"] for events_values in values}
    columns = {name: [of_event[name] for of_event in values] for name in _OF_EACH}
    with connections[using].cursor() as cursor:
        cursor.execute(
            _BEGIN,
            {**values[0], **columns, "tenant": tenant_id, "streams": list(lengths), "versions": list(lengths.values())},
        )
        begun = {row[0] for row in cursor.fetchall()}
    for aggregate_id in lengths:
        if UUID(str(aggregate_id)) not in begun:
            raise _overtaken(definition_of(type(streams[0][0])), aggregate_id, 0, using)
    for listener in _listeners:
        for of_event in values:
            listener(using, tenant_id, UUID(str(of_event["id"])))


def stream_version(aggregate_id: UUID, *, using: str) -> int:
    """Where the stream of an aggregate of the current tenant ends; 0 when nothing has happened to it."""
    with connections[using].cursor() as cursor:
        cursor.execute(
            "select version from events_stream where tenant_id = %s and aggregate_id = %s",
            [require_tenant_id(), aggregate_id],
        )
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def stream(aggregate_id: UUID, *, using: str, after: int = 0) -> list[Envelope]:
    """What happened to one aggregate of the current tenant, oldest first, from sequence `after` on.

    One statement; where its beginning was archived, or nothing is there, one or two more and that part of the archive.
    """
    return with_archived(_kept(aggregate_id, using=using, after=after), aggregate_id, using=using, after=after)


def with_archived(kept: list[Envelope], aggregate_id: UUID, *, using: str, after: int) -> list[Envelope]:
    """What is in the log of a stream from sequence `after` on, with what of it was archived before that."""
    first = kept[0].metadata.sequence if kept else stream_version(aggregate_id, using=using) + 1
    if first <= after + 1:
        return kept
    return [*archive.stream(aggregate_id, using=using, after=after, before=first), *kept]


def streams(aggregate_ids: Sequence[UUID], *, using: str) -> dict[UUID, list[Envelope]]:
    """The same for many aggregates by id; one to which nothing happened is left out. One statement, and some more for
    each whose beginning was archived.
    """
    found: dict[UUID, list[Envelope]] = {}
    with connections[using].cursor() as cursor:
        cursor.execute(
            f"select {COLUMNS} from events_event event "  # noqa: S608 (constant)
            "where tenant_id = %s and aggregate_id = any(%s) order by aggregate_id, sequence",
            [require_tenant_id(), list(aggregate_ids)],
        )
        for envelope in map(envelope_of, cursor.fetchall()):
            found.setdefault(envelope.aggregate_id, []).append(envelope)
    for aggregate_id in aggregate_ids:
        kept = found.get(aggregate_id)
        if not kept or kept[0].metadata.sequence > 1:
            whole = stream(aggregate_id, using=using)
            if whole:
                found[aggregate_id] = whole
    return found


def between(span: Span, *, using: str) -> Iterator[Envelope]:
    """What was recorded in a span in the current tenant: the archive, then the log, in order."""
    yield from archive.between(span, using=using)
    after = (span.since, UUID(int=0))
    while found := _page(span, using=using, after=after, limit=_PAGE):
        yield from found
        after = mark_of(found[-1])


def page(span: Span, *, using: str, after: Mark | None = None, limit: int) -> list[Envelope]:
    """The first events of a span in the current tenant, or the first behind a place, as they were recorded.

    Wherever they lie: a month that is being archived lies in both for a moment, and is told once. Two statements, and
    the archived months that the page needs.
    """
    behind = after or (span.since, UUID(int=0))
    parts = [read(span, using=using, after=behind, limit=limit) for read in (archive.page, _page)]
    told = {envelope.event_id: envelope for envelope in merge(*parts, key=mark_of)}
    return list(told.values())[:limit]


def _page(span: Span, *, using: str, after: Mark, limit: int) -> list[Envelope]:
    named = list(span.conditions(value="%s", among="{column} = any(%s)"))
    where = "".join(f" and {condition}" for condition, _ in named)
    values = [value for _, value in named]
    with connections[using].cursor() as cursor:
        # The first condition on the place says nothing new: it tells which partitions need not be looked at.
        cursor.execute(
            f"select {COLUMNS} from events_event event where tenant_id = %s{where} "  # noqa: S608 (constant)
            "and recorded_at >= %s and (recorded_at, id) > (%s, %s) order by recorded_at, id limit %s",
            [require_tenant_id(), *values, after[0], *after, limit],
        )
        return [envelope_of(row) for row in cursor.fetchall()]


def _kept(aggregate_id: UUID, *, using: str, after: int) -> list[Envelope]:
    with connections[using].cursor() as cursor:
        cursor.execute(
            f"select {COLUMNS} from events_event event "  # noqa: S608 (constant)
            "where tenant_id = %s and aggregate_id = %s and sequence > %s order by sequence",
            [require_tenant_id(), aggregate_id, after],
        )
        return [envelope_of(row) for row in cursor.fetchall()]


def listen(listener: Listener) -> Callable[[], None]:
    """Hear of every append in this process: alias, tenant, event id. Returns the function that ends it. For tests."""
    _listeners.append(listener)
    return lambda: _listeners.remove(listener)


def _values(event: Event, definition: Definition, command_id: UUID, place: Place) -> dict[str, Any]:
    cause, actor = being_handled(), current_actor()
    correlation_id, parent = _trace(command_id)
    return {
        "id": place.event_id,
        "aggregate_type": definition.aggregate,
        "aggregate": definition.aggregate_id(event),
        "type": definition.name,
        "version": definition.version,
        "topic": definition.topic,
        "payload": _payload(event, definition, place),
        "causation": cause.event_id if cause else command_id,
        "correlation": correlation_id,
        "user": actor.id,
        "impersonator": actor.impersonator_id,
        "traceparent": parent,
        "origin": _origin(place) if remembers_origin(type(event)) else None,
    }


def _payload(event: Event, definition: Definition, place: Place) -> str:
    if not definition.personal:
        return msgspec.json.encode(event).decode()
    return msgspec.json.encode(concealed_payload(event, msgspec.to_builtins(event), definition, place)).decode()


def _origin(place: Place) -> str:
    actor, origin = current_actor(), current_origin()
    personal = {
        "actor_name": actor.name,
        "impersonator_name": actor.impersonator_name,
        "address": origin.address,
        "user_agent": origin.user_agent,
    }
    hidden = {
        name: place.conceal(text, name, subject_id=getattr(actor, PERSONAL_ORIGIN[name]))
        for name, text in personal.items()
    }
    return msgspec.json.encode(EventOrigin(actor_kind=actor.kind, session_id=origin.session_id, **hidden)).decode()


def _trace(command_id: UUID) -> tuple[str, str]:
    """Trace id and traceparent. Where nothing is being traced the command's id begins a trace for its consumers."""
    known = trace_id()
    if int(known, 16):
        return known, traceparent()
    cause = being_handled()
    if cause:
        return cause.metadata.correlation_id, cause.metadata.traceparent
    return command_id.hex, f"00-{command_id.hex}-{command_id.hex[16:]}-00"


def _overtaken(definition: Definition, aggregate_id: object, expected: int | None, using: str) -> Overtaken:
    current = stream_version(UUID(str(aggregate_id)), using=using)
    return Overtaken(
        f"{definition.aggregate} {aggregate_id} has come to {current}, not {expected}: read it again and repeat",
        version=current,
    )
