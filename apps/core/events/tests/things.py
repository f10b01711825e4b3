"""Events and groups for the tests of this part. The effect of handling is an event too, so it needs no table."""

from __future__ import annotations

import os
import time
from typing import Any
from uuid import UUID

from apps.core.events import (
    Envelope,
    Event,
    EventPart,
    InvalidMessage,
    UnitOfWork,
    event,
    handles,
    remember_origin,
    upcasts,
)

ECHO = "business.echo"
RELAYED = "iam.things"


class Part(EventPart):
    part_name: str


@event(topic="business.things", aggregate="Thing")
class ThingHappened(Event):
    """Something for tests. `note` tells the handler how to behave."""

    thing_id: UUID
    number: int
    note: str = ""
    parts: tuple[Part, ...] = ()


@event(topic="business.things", aggregate="Thing")
class ThingRemembered(Event):
    """Tells in its metadata who did it and from where."""

    thing_id: UUID


remember_origin(ThingRemembered)


@event(topic="business.things", aggregate="Thing", version=3)
class ThingMeasured(Event):
    """The newest of three versions: the first told whole metres, the second did not say by whom."""

    thing_id: UUID
    length_mm: int
    by: str


@upcasts(ThingMeasured, from_version=1)
def in_millimetres(payload: dict[str, Any]) -> dict[str, Any]:
    return {"thingId": payload["thingId"], "lengthMm": payload["lengthM"] * 1000}


@upcasts(ThingMeasured, from_version=2)
def by_nobody_known(payload: dict[str, Any]) -> dict[str, Any]:
    return {**payload, "by": "somebody"}


@event(topic="business.echoes", aggregate="EchoOfThing")
class ThingEchoed(Event):
    """The effect of a ThingHappened: exactly one for each, in their order."""

    echo_of_thing_id: UUID
    number: int
    cause: UUID


MEASURED = "business.measured"
measured: list[ThingMeasured] = []
healed: set[str] = set()
calls: list[tuple[str, int]] = []


class Sick(Exception):
    """What a broken handler raises."""


@handles(ThingHappened, group=ECHO)
def echo(happened: ThingHappened, *, envelope: Envelope) -> None:
    """Publish the echo of a thing, or fail as its note demands."""
    calls.append((str(happened.thing_id), happened.number))
    time.sleep(float(os.environ.get("ECHO_TAKES_S", "0")))
    if happened.note == "invalid" and "invalid" not in healed:
        raise InvalidMessage("this can never succeed")
    if happened.note.startswith("sick") and happened.note not in healed:
        raise Sick(happened.note)
    effect = ThingEchoed(echo_of_thing_id=echo_id(happened.thing_id), number=happened.number, cause=envelope.event_id)
    UnitOfWork("business").publish(effect)


@handles(ThingMeasured, group=MEASURED)
def note_measure(happened: ThingMeasured) -> None:
    """Declared for the newest version alone."""
    measured.append(happened)


def echo_id(thing_id: UUID) -> UUID:
    """The stream that holds the echoes of a thing."""
    return UUID(int=thing_id.int ^ 1)


@handles(ThingHappened, group=RELAYED)
def note_in_other_database(happened: ThingHappened) -> None:
    """A group whose effects lie in another database than the log it reads."""
    calls.append((RELAYED, happened.number))
