"""A saga for the tests of this part: a journey is booked. Each effect is an event, so it needs no table; what happens
elsewhere lies in the other database, in transactions of its own.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid5

from django.db import connections, transaction
from django.utils import timezone

from apps.core.auth import Permission
from apps.core.db.ids import uuid7
from apps.core.events import Event, UnitOfWork, event
from apps.core.events.log import stream, stream_version
from apps.core.sagas import Arrival, Context, Decision, Run, Saga, Step, begin, deciding
from apps.core.sagas.models import Instance
from apps.core.sagas.testing import SagaHarness

HERE, ELSEWHERE = "business", "default"


class TravelPermission(Permission):
    APPROVE = "travel.approve", "Approve journeys"


@event(topic="business.travel", aggregate="Effect")
class EffectHere(Event):
    """Something was taken, or given back."""

    effect_id: UUID
    what: str
    change: int


@event(topic="iam.travel", aggregate="Effect")
class EffectElsewhere(Event):
    """The same in the other database."""

    effect_id: UUID
    what: str
    change: int


@event(topic="business.travel", aggregate="Weather")
class WeatherForeseen(Event):
    """What the journey waits for."""

    weather_id: UUID
    journey_id: UUID
    sunny: bool = True


class Journey(Context):
    journey_id: UUID
    ticket: str = ""


def take(what: str, journey: Journey) -> None:
    """Safe to repeat: the first event of its stream takes, the second gives back."""
    effect = uuid5(journey.journey_id, what)
    if stream_version(effect, using=HERE) == 0:
        UnitOfWork(HERE).publish(EffectHere(effect_id=effect, what=what, change=1))


def give_back(what: str, journey: Journey) -> None:
    effect = uuid5(journey.journey_id, what)
    if stream_version(effect, using=HERE) == 1:
        UnitOfWork(HERE).publish(EffectHere(effect_id=effect, what=what, change=-1))


def take_elsewhere(key: str, what: str) -> None:
    with transaction.atomic(using=ELSEWHERE):
        effect = uuid5(UUID(int=0), key)
        if stream_version(effect, using=ELSEWHERE) == 0:
            UnitOfWork(ELSEWHERE).publish(EffectElsewhere(effect_id=effect, what=what, change=1))


def give_back_elsewhere(key: str, what: str) -> None:
    with transaction.atomic(using=ELSEWHERE):
        effect = uuid5(UUID(int=0), key)
        if stream_version(effect, using=ELSEWHERE) == 1:
            UnitOfWork(ELSEWHERE).publish(EffectElsewhere(effect_id=effect, what=what, change=-1))


def world() -> dict[str, int]:
    """What is taken and not given back, in both databases."""
    taken: dict[str, int] = {}
    for alias in (HERE, ELSEWHERE):
        with connections[alias].cursor() as cursor:
            cursor.execute(
                "select payload->>'what', sum((payload->>'change')::int) from events_event "
                "where type in ('EffectHere', 'EffectElsewhere') group by 1 having sum((payload->>'change')::int) <> 0"
            )
            taken |= {what: int(number) for what, number in cursor.fetchall()}
    return taken


def open_file(journey_id: UUID) -> None:
    """What the beginning command does beside."""
    take("file", Journey(journey_id=journey_id))


def close_file(journey: Journey) -> None:
    give_back("file", journey)


def book_room(journey: Journey) -> None:
    take("room", journey)


def leave_room(journey: Journey) -> None:
    give_back("room", journey)


def book_flight(journey: Journey, *, run: Run) -> dict[str, Any]:
    take_elsewhere(run.key, "flight")
    return {"ticket": "seat 1A"}


def give_up_flight(journey: Journey, *, run: Run) -> None:
    give_back_elsewhere(run.key, "flight")


def pack(journey: Journey, *, event: WeatherForeseen) -> None:
    take("sunglasses" if event.sunny else "umbrella", journey)


def unpack(journey: Journey) -> None:
    give_back("sunglasses", journey)
    give_back("umbrella", journey)


def pay(journey: Journey) -> None:
    assert journey.ticket == "seat 1A"
    take("money", journey)


def send_papers(journey: Journey, *, run: Run) -> None:
    take_elsewhere(run.key, "papers")


TRAVEL = Saga(
    "business.travel",
    Step("book room", book_room, undo=leave_room),
    Step("book flight", book_flight, undo=give_up_flight, elsewhere=True),
    Step("approval", waits_for=Decision(TravelPermission.APPROVE), within=timedelta(days=2)),
    Step("pack", pack, undo=unpack, waits_for=Arrival((WeatherForeseen,), by="journey_id"), within=timedelta(days=5)),
    Step("pay", pay, pivot=True),
    Step("send papers", send_papers, elsewhere=True),
    context=Journey,
    undo=close_file,
    deadline=timedelta(days=30),
)


def book_journey() -> UUID:
    """The command that begins it; returns its key."""
    journey_id = uuid7()
    with transaction.atomic(using=HERE):
        open_file(journey_id)
        begin("business.travel", Journey(journey_id=journey_id), key=journey_id, now=timezone.now())
    return journey_id


def foresee(row: Instance, *, sunny: bool = True) -> None:
    """The event comes, as its consumer would bring it."""
    weather = WeatherForeseen(weather_id=uuid7(), journey_id=row.key, sunny=sunny)
    with transaction.atomic(using=HERE):
        UnitOfWork(HERE).publish(weather)
        deciding.event_came(TRAVEL, weather, stream(weather.weather_id, using=HERE)[0])


class TravelHarness(SagaHarness):
    """What the harness needs to know of it."""

    saga = TRAVEL

    def start(self) -> UUID:
        return book_journey()

    def world(self) -> dict[str, int]:
        return world()

    def answer(self, step: Step, row: Instance) -> None:
        if step.name == "pack":
            foresee(row)
        else:
            super().answer(step, row)
