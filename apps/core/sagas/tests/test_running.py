from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest
from django.db import transaction
from django.utils import timezone
from prometheus_client import REGISTRY

from apps.core.db.ids import uuid7
from apps.core.errors import Unavailable
from apps.core.events import UnitOfWork
from apps.core.events.log import stream
from apps.core.history import SYSTEM, Actor
from apps.core.sagas import NOTHING, Arrival, Decision, Saga, Step, begin, deciding, queries, repairing, tasks, waking
from apps.core.sagas.errors import CannotCancel, NothingToDecide, NothingToRepair, SagaNotFound
from apps.core.sagas.models import Entry, Instance
from apps.core.sagas.runner import Runner
from apps.core.sagas.testing import refusing
from apps.core.sagas.tests import things
from apps.core.sagas.tests.things import HERE, TRAVEL, Journey, TravelHarness, TravelPermission, foresee
from apps.core.tenancy import tenant
from config.celery import app

State, Kind = Instance.State, Entry.Kind
CLERK = Actor(kind="user", id=uuid7(), name="Ada")

pytestmark = pytest.mark.django_db


@pytest.fixture
def harness() -> TravelHarness:
    return TravelHarness()


@pytest.fixture
def travel(in_tenant: UUID) -> Instance:
    """A journey that has just been begun."""
    row = queries.instance_of("business.travel", things.book_journey())
    assert row is not None
    return row


def run(row: Instance, *, after: timedelta = timedelta(0)) -> Instance:
    at = timezone.now() + timedelta(seconds=1) + after
    Runner(HERE, clock=lambda: at).run(row.id)
    return queries.instance(row.id, using=HERE)


def kinds(row: Instance) -> list[str]:
    return [entry.kind for entry in queries.entries_of(row)]


class TestBegin:
    def test_begins_one_for_each_key_however_often_it_is_called(self, travel):
        with transaction.atomic(using=HERE):
            again = begin(travel.name, Journey(journey_id=travel.key), key=travel.key, now=timezone.now())

        assert again == travel.id
        assert queries.instances(HERE).count() == 1

    def test_is_gone_with_the_transaction_that_wanted_it(self, in_tenant):
        key = uuid7()
        with transaction.atomic(using=HERE):
            begin("business.travel", Journey(journey_id=key), key=key, now=timezone.now())
            transaction.set_rollback(True, using=HERE)

        assert queries.instance_of("business.travel", key) is None

    @pytest.mark.django_db(transaction=True)
    def test_wants_a_transaction_around(self, in_tenant):
        with pytest.raises(RuntimeError, match="transaction"):
            begin("business.travel", Journey(journey_id=uuid7()), key=uuid7(), now=timezone.now())

    def test_knows_no_saga_that_nobody_declared(self, in_tenant):
        with pytest.raises(LookupError, match=r"business\.nothing"):
            begin("business.nothing", Journey(journey_id=uuid7()), key=uuid7(), now=timezone.now())

    def test_is_seen_in_its_own_tenant_only(self, travel, other_tenant_id):
        with tenant(other_tenant_id), pytest.raises(SagaNotFound):
            queries.instance(travel.id, using=HERE)


class TestRun:
    def test_adds_what_a_step_returns_to_the_context(self, travel):
        row = run(travel)

        assert row.context["ticket"] == "seat 1A"
        assert (row.state, TRAVEL.step_at(row.position).name) == (State.WAITING, "approval")

    def test_tries_again_after_a_pause_what_may_pass(self, travel, harness):
        def away(journey):
            raise Unavailable("not now", retry_after_s=20)

        with harness.declared_with({0: replace(TRAVEL.steps[0], do=away)}):
            row = run(travel)

        assert (row.state, row.attempts) == (State.RUNNING, 1)
        assert row.due_at >= timezone.now() + timedelta(seconds=15)
        assert run(row, after=timedelta(minutes=2)).state == State.WAITING

    def test_gives_up_what_never_passes(self, travel, harness):
        def away(journey):
            raise Unavailable("not now")

        row = travel
        with harness.declared_with({0: replace(TRAVEL.steps[0], do=away)}):
            for minutes in range(5):
                row = run(row, after=timedelta(minutes=2 * minutes))

        assert (row.state, row.failure_code) == (State.COMPENSATED, "unavailable")
        assert kinds(row).count(Kind.RETRYING) == 4

    def test_lets_nobody_else_at_a_saga_that_is_taken(self, travel):
        now = timezone.now() + timedelta(seconds=1)
        first = Runner(HERE, clock=lambda: now).claim(travel.id)

        assert first is not None
        assert Runner(HERE, clock=lambda: now).claim(travel.id) is None

    def test_believes_nothing_of_a_runner_that_was_overtaken(self, travel):
        now = timezone.now() + timedelta(seconds=1)
        slow = Runner(HERE, clock=lambda: now)
        turn = slow.claim(travel.id)
        row = run(travel, after=timedelta(minutes=1))

        known = (row.fence, row.state, row.position, kinds(row))

        assert slow.perform(turn) is None
        row = queries.instance(row.id, using=HERE)
        assert (row.fence, row.state, row.position, kinds(row)) == known
        assert things.world() == {"file": 1, "room": 1, "flight": 1}

    def test_gives_up_a_step_that_kills_its_runner_each_time(self, travel):
        for minutes in range(5):
            at = timezone.now() + timedelta(minutes=2 * minutes + 1)
            assert Runner(HERE, clock=lambda at=at: at).claim(travel.id) is not None

        row = run(travel, after=timedelta(minutes=20))

        assert (row.state, row.failure_code) == (State.COMPENSATED, "runner_lost")

    def test_stops_an_instance_whose_definition_is_not_what_it_was(self, travel):
        Instance.objects.using(HERE).filter(id=travel.id).update(fingerprint="another")

        row = run(travel)

        assert (row.state, row.failure_code) == (State.NEEDS_ATTENTION, "definition_changed")
        with pytest.raises(NothingToRepair):
            repairing.retry(row.id, using=HERE, reason="", actor=SYSTEM, now=timezone.now())

    def test_undoes_the_latest_first(self, travel, harness):
        foresee(travel)
        row = run(travel)
        deciding.decide(row.name, row.key, approved=True, reason="", actor=CLERK, now=timezone.now())
        with harness.declared_with({4: refusing(TRAVEL.steps[4])}):
            row = run(row, after=timedelta(seconds=1))

        undone = [entry.step for entry in queries.entries_of(row) if entry.kind == Kind.UNDONE]
        assert undone == ["pack", "book flight", "book room", "beginning"]

    def test_belongs_to_the_trace_that_began_it(self, travel, published):
        run(travel)

        traces = {envelope.metadata.correlation_id for envelope in published.envelopes()}
        assert travel.correlation_id in traces


class TestWaiting:
    def test_takes_an_event_that_came_early(self, travel):
        foresee(travel, sunny=False)

        row = run(travel)
        deciding.decide(row.name, row.key, approved=True, reason="", actor=CLERK, now=timezone.now())
        row = run(row, after=timedelta(seconds=1))

        assert row.state == State.COMPLETED
        assert things.world()["umbrella"] == 1

    def test_counts_the_first_of_two_events(self, travel):
        foresee(travel, sunny=True)
        foresee(travel, sunny=False)

        assert kinds(travel).count(Kind.ANSWERED) == 1

    def test_hears_of_events_through_its_consumer_group(self, travel, drain):
        from apps.core.sagas import handlers

        handlers.subscribe(TRAVEL)
        weather = things.WeatherForeseen(weather_id=uuid7(), journey_id=travel.key)
        with transaction.atomic(using=HERE):
            UnitOfWork(HERE).publish(weather)
        drain()

        assert len(stream(weather.weather_id, using=HERE)) == 1
        assert "pack" in queries.instance(travel.id, using=HERE).answers

    def test_undoes_everything_when_a_person_denies(self, travel):
        row = run(travel)

        deciding.decide(row.name, row.key, approved=False, reason="too dear", actor=CLERK, now=timezone.now())
        row = run(row, after=timedelta(seconds=1))

        assert (row.state, row.failure_code, row.failure) == (State.COMPENSATED, "denied", "too dear")
        assert things.world() == {}
        said = next(entry for entry in queries.entries_of(row) if entry.kind == Kind.ANSWERED)
        assert (said.actor_id, said.actor_name) == (CLERK.id, "Ada")

    def test_asks_nobody_before_it_waits(self, travel):
        with pytest.raises(NothingToDecide):
            deciding.decide(travel.name, travel.key, approved=True, reason="", actor=CLERK, now=timezone.now())


class TestRepair:
    @pytest.fixture
    def stuck(self, travel, harness):
        """Its room cannot be given back."""
        row = run(travel)
        deciding.decide(row.name, row.key, approved=False, reason="no", actor=CLERK, now=timezone.now())
        with harness.declared_with({0: replace(TRAVEL.steps[0], undo=refusing(TRAVEL.steps[0]).do)}):
            row = run(row, after=timedelta(seconds=1))
        assert (row.state, row.failure_code) == (State.NEEDS_ATTENTION, "refused_by_harness")
        return row

    def test_tries_again(self, stuck):
        repairing.retry(stuck.id, using=HERE, reason="mended", actor=CLERK, now=timezone.now())

        row = run(stuck)

        assert row.state == State.COMPENSATED
        assert things.world() == {}

    def test_skips_what_somebody_did_by_hand(self, stuck):
        repairing.skip(stuck.id, using=HERE, reason="called the hotel", actor=CLERK, now=timezone.now())

        row = run(stuck)

        assert row.state == State.COMPENSATED
        assert things.world() == {"room": 1}
        skipped = next(entry for entry in queries.entries_of(row) if entry.kind == Kind.SKIPPED)
        assert (skipped.step, skipped.detail, skipped.actor_name) == ("book room", "called the hotel", "Ada")

    def test_closes_what_was_settled_by_hand(self, stuck):
        row = repairing.resolve(stuck.id, using=HERE, reason="all is well", actor=CLERK, now=timezone.now())

        assert (row.state, row.due_at) == (State.RESOLVED, None)
        with pytest.raises(NothingToRepair):
            repairing.resolve(stuck.id, using=HERE, reason="again", actor=CLERK, now=timezone.now())

    def test_cancels_nothing_that_is_being_undone(self, stuck):
        with pytest.raises(CannotCancel):
            repairing.cancel(stuck.id, using=HERE, reason="", actor=CLERK, now=timezone.now())

    def test_undoes_nothing_behind_the_back_of_an_attempt_elsewhere(self, travel):
        now = timezone.now() + timedelta(seconds=1)
        runner = Runner(HERE, clock=lambda: now)
        flying = runner.perform(runner.claim(travel.id))
        row = repairing.cancel(travel.id, using=HERE, reason="ill", actor=CLERK, now=now)
        assert (row.state, flying.step.name) == (State.RUNNING, "book flight")

        turn = runner.perform(flying)
        while turn is not None:
            turn = runner.perform(turn)

        row = queries.instance(travel.id, using=HERE)
        assert (row.state, row.failure) == (State.COMPENSATED, "ill")
        assert things.world() == {}


class TestWorkers:
    @pytest.mark.django_db(transaction=True)
    def test_are_told_of_it_once_it_is_committed(self, tenant_id):
        with tenant(tenant_id):
            key = things.book_journey()

        with app.connection_for_read() as connection:
            word = connection.SimpleQueue("default").get(block=False)
            tasks.run(**word.payload[1])
            word.ack()

        with tenant(tenant_id):
            assert queries.instance_of("business.travel", key).state == State.WAITING

    @pytest.mark.django_db(transaction=True)
    def test_are_told_again_by_whoever_had_it_locked_when_they_came(self, tenant_id):
        with tenant(tenant_id), app.connection_for_read() as connection:
            row = queries.instance_of("business.travel", things.book_journey())
            words = connection.SimpleQueue("default")
            words.get(block=False).ack()  # and passed by, since an event had just locked it

            for _ in range(2):  # what it will wait for, and the same once more
                foresee(row)
                words.get(block=False).ack()
            run(row)
            foresee(row)  # it is not due
            with pytest.raises(words.Empty):
                words.get(block=False)


class TestSweep:
    @pytest.mark.django_db(transaction=True)
    def test_finds_what_is_due_in_every_tenant(self, tenant_id, other_tenant_id):
        for one in (tenant_id, other_tenant_id):
            with tenant(one):
                things.book_journey()

        due = waking.due(HERE, now=timezone.now() + timedelta(minutes=1))

        assert {found for found, _ in due} == {tenant_id, other_tenant_id}
        assert waking.due(HERE, now=timezone.now()) == []

    @pytest.mark.django_db(transaction=True)
    def test_measures_how_many_there_are_in_each_state(self, tenant_id):
        with tenant(tenant_id):
            run(queries.instance_of("business.travel", things.book_journey()))

        tasks.sweep()

        measured = partial(REGISTRY.get_sample_value, "sagas_open")
        assert measured({"database": "business", "state": "waiting"}) == 1
        assert measured({"database": "business", "state": "running"}) == 0


class TestDeclaration:
    def declared(self, *steps: Step, **options) -> Saga:
        return Saga("business.never", *steps, context=Journey, **options)

    def test_wants_an_undo_of_every_step_but_the_last(self):
        with pytest.raises(TypeError, match="needs an undo"):
            self.declared(Step("one", things.pay), Step("two", things.pay))

    def test_wants_an_end_of_every_wait(self):
        with pytest.raises(TypeError, match="for ever"):
            self.declared(Step("ask", waits_for=Decision(TravelPermission.APPROVE)))
        with pytest.raises(TypeError, match="for ever"):
            self.declared(
                Step("pay", things.pay, pivot=True),
                Step("wait", waits_for=Arrival((things.WeatherForeseen,), by="journey_id")),
                deadline=timedelta(days=1),
            )

    def test_wants_names_that_differ(self):
        with pytest.raises(TypeError, match="a name of its own"):
            self.declared(Step("one", things.pay, undo=NOTHING), Step("one", things.pay))

    def test_takes_no_version_twice(self):
        with pytest.raises(ValueError, match="twice"):
            Saga("business.travel", Step("one", things.pay), context=Journey)

    def test_refuses_what_the_context_has_no_place_for(self, travel):
        with pytest.raises(TypeError, match="Journey has no luggage"):
            TRAVEL.with_context(travel.context, {"luggage": 1})
