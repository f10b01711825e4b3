"""The events that sagas wait for, each handed to its saga by the group `<service>.sagas`."""

from __future__ import annotations

from apps.core.events import Envelope, Event, handles
from apps.core.sagas import deciding
from apps.core.sagas.definition import Arrival, Saga, all_declared


def subscribe(saga: Saga) -> None:
    """Hear of the events that a saga waits for. Once for each version: the first of them that hears answers."""
    for step in saga.steps:
        if isinstance(step.waits_for, Arrival):
            for cls in step.waits_for.events:
                _hear(saga, cls)


def _hear(saga: Saga, cls: type[Event]) -> None:
    def hand_over(event: Event, *, envelope: Envelope) -> None:
        deciding.event_came(saga, event, envelope)

    handles(cls, group=f"{saga.service}.sagas")(hand_over)


for _saga in all_declared():
    subscribe(_saga)
