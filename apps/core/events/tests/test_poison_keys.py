"""Whatever is done in whatever order: the order of each key is kept, other keys flow, each effect is there once.

Compared with a model that knows lists only.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from apps.core.events import UnitOfWork, corrections, dead_letters, repairs
from apps.core.events.consumer import Consumer
from apps.core.events.errors import DiscardIsFinal
from apps.core.events.log import stream
from apps.core.events.models import DeadLetter
from apps.core.events.retry import RetryPolicy
from apps.core.events.subscriptions import group_named
from apps.core.events.tests import things
from apps.core.events.tests.things import ECHO, ThingHappened, echo_id
from apps.core.history import SYSTEM
from apps.core.tenancy import tenant

KEYS = st.integers(0, 2)
NEW, PARKED, DONE, GONE = "new", "parked", "done", "gone"


@dataclass(eq=False)
class Happening:
    """One event, as the model sees it."""

    number: int
    sick: bool
    state: str = NEW
    waited: list[Happening] = field(default_factory=list)  # what was parked behind it when it was given up


@dataclass(eq=False)
class Key:
    """One aggregate: what happened to it, in order, and the effects that there must be."""

    id: UUID = field(default_factory=uuid4)
    events: list[Happening] = field(default_factory=list)
    effects: list[int] = field(default_factory=list)

    def of(self, state: str) -> list[Happening]:
        return [one for one in self.events if one.state == state]

    def parked(self) -> list[Happening]:
        return self.of(PARKED)

    def later(self, one: Happening) -> list[Happening]:
        return self.events[self.events.index(one) + 1 :]


class PoisonKeys(RuleBasedStateMachine):
    tenant_id: UUID

    @initialize()
    def begin(self) -> None:
        things.healed.clear()
        self.keys = [Key() for _ in range(3)]
        self.undelivered: list[tuple[Key, Happening]] = []
        self.consumer = Consumer(group_named(ECHO), retry=RetryPolicy(1, 0, 0))
        self.healed = False
        self.happens_and_is_delivered(0, [False, True, False])

    @rule(key=KEYS, sick=st.lists(st.booleans(), min_size=1, max_size=3))
    def happens(self, key: int, sick: list[bool]) -> None:
        for one in sick:
            self.happens_once(self.keys[key], one)

    @rule(key=KEYS, sick=st.lists(st.booleans(), min_size=1, max_size=3))
    def happens_and_is_delivered(self, key: int, sick: list[bool]) -> None:
        self.happens(key, sick)
        self.is_delivered()

    @precondition(lambda self: self.undelivered)
    @rule()
    def is_delivered(self) -> None:
        for key, one in self.undelivered:
            self.deliver(key, one)
            if key.parked():
                one.state = PARKED
            else:
                self.handle(key, one)
        self.undelivered = []

    @rule(key=KEYS, data=st.data())
    def is_delivered_again(self, key: int, data: Any) -> None:
        known = [one for one in self.keys[key].events if one.state != NEW]
        if known:
            self.deliver(self.keys[key], data.draw(st.sampled_from(known)))

    @rule()
    def the_handler_heals_or_falls_ill(self) -> None:
        self.healed = not self.healed
        (things.healed.add if self.healed else things.healed.discard)("sick")

    @precondition(lambda self: self.poisoned())
    @rule(data=st.data())
    def is_retried(self, data: Any) -> None:
        key = data.draw(st.sampled_from(self.poisoned()))
        with tenant(self.tenant_id):
            retried = repairs.retry_key(group_named(ECHO), key.id, actor=SYSTEM)
        for one in key.parked():
            self.handle(key, one)
            if one.state == PARKED:
                break
        assert (retried.stuck is None) == (not key.parked())

    @precondition(lambda self: self.poisoned())
    @rule(data=st.data())
    def is_corrected(self, data: Any) -> None:
        key, one = self.drawn(data, PARKED)
        with tenant(self.tenant_id):
            letter = self.letter(key, one)
            payload = {**corrections.readable_now(letter), "note": ""}
            repairs.correct(letter.id, payload, using="business", actor=SYSTEM, because="", now=timezone.now())
        one.sick = False

    @precondition(lambda self: self.poisoned())
    @rule(data=st.data())
    def is_discarded(self, data: Any) -> None:
        key, one = self.drawn(data, PARKED)
        with tenant(self.tenant_id):
            letter = self.letter(key, one)
            repairs.discard(letter.id, using="business", actor=SYSTEM, because="", now=timezone.now())
        one.state = GONE
        one.waited = [later for later in key.later(one) if later.state == PARKED]

    @precondition(lambda self: any(key.of(GONE) for key in self.keys))
    @rule(data=st.data())
    def is_brought_back(self, data: Any) -> None:
        key, one = self.drawn(data, GONE)
        in_time = any(later.state == PARKED for later in one.waited)
        in_time = in_time and all(later.state != DONE for later in key.later(one))
        with tenant(self.tenant_id):
            letter = self.letter(key, one)
            if in_time:
                repairs.undo_discard(letter.id, using="business", actor=SYSTEM)
                one.state = PARKED
            else:
                with pytest.raises(DiscardIsFinal):
                    repairs.undo_discard(letter.id, using="business", actor=SYSTEM)

    @invariant()
    def effects_are_those_of_the_model(self) -> None:
        with tenant(self.tenant_id):
            for key in self.keys:
                there = [envelope.payload["number"] for envelope in stream(echo_id(key.id), using="business")]
                assert there == key.effects
                assert there == sorted(set(there))

    @invariant()
    def what_is_parked_is_what_the_model_parked(self) -> None:
        with tenant(self.tenant_id):
            for key in self.keys:
                letters = dead_letters.open_letters("business", group=ECHO, key=key.id)
                assert [letter.sequence for letter in letters] == [one.number for one in key.parked()]

    def poisoned(self) -> list[Key]:
        return [key for key in self.keys if key.parked()]

    def drawn(self, data: Any, state: str) -> tuple[Key, Happening]:
        """Some event of that state, and its key."""
        return data.draw(st.sampled_from([(key, one) for key in self.keys for one in key.of(state)]))

    def happens_once(self, key: Key, sick: bool) -> None:
        one = Happening(len(key.events) + 1, sick)
        key.events.append(one)
        self.undelivered.append((key, one))
        with tenant(self.tenant_id), transaction.atomic(using="business"):
            note = "sick" if sick else ""
            UnitOfWork("business").publish(ThingHappened(thing_id=key.id, number=one.number, note=note))

    def deliver(self, key: Key, one: Happening) -> None:
        with tenant(self.tenant_id):
            envelope = stream(key.id, using="business", after=one.number - 1)[0]
        self.consumer.process(envelope)

    def handle(self, key: Key, one: Happening) -> None:
        if one.sick and not self.healed:
            one.state = PARKED
        else:
            one.state = DONE
            key.effects.append(one.number)

    def letter(self, key: Key, one: Happening) -> DeadLetter:
        return DeadLetter.objects.using("business").get(group=ECHO, key=key.id, sequence=one.number)


@pytest.mark.django_db(databases=["default", "business"])
def test_no_sequence_of_failures_and_repairs_breaks_the_order_of_a_key(tenant_id, monkeypatch):
    monkeypatch.setattr(PoisonKeys, "tenant_id", tenant_id, raising=False)
    monkeypatch.setattr(Consumer, "_watch_for_flood", lambda *_: None)  # most events of this game are sick

    run_state_machine_as_test(
        PoisonKeys,
        settings=settings(
            max_examples=12,
            stateful_step_count=20,
            deadline=None,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
    things.healed.clear()
