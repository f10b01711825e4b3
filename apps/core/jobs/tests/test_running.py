from __future__ import annotations

from datetime import timedelta
from threading import Event

import pytest
from django.conf import settings
from django.db import DatabaseError, transaction

from apps.core.errors import Unavailable
from apps.core.history import current_actor
from apps.core.jobs import LeaseLost, commands, enqueue, queries, running, tasks
from apps.core.jobs.errors import JobEnded, JobNotEnded, JobNotFound
from apps.core.jobs.models import Job
from apps.core.jobs.progress import Progress, Pulse, beating
from apps.core.jobs.sweeping import look_after
from apps.core.jobs.tests import things
from apps.core.jobs.tests.conftest import ADA, USING, together
from apps.core.tenancy import tenant

pytestmark = pytest.mark.django_db


def broken(error=things.Sick):
    def fail():
        raise error

    return fail


@pytest.fixture
def cancel(now):
    return lambda found: commands.cancel_job(job_id=found.id, using=USING, actor=ADA, now=now)


@pytest.fixture
def retry(now):
    return lambda found: commands.retry_job(job_id=found.id, using=USING, actor=ADA, now=now)


def fresh(found):
    return Job.objects.using(USING).get(id=found.id)


class TestRunning:
    def test_keeps_the_result_and_how_far_it_came(self, ask, run):
        done = run(ask())

        assert (done.state, done.result, done.progress) == ("succeeded", {"counted": 3}, 100)
        assert (done.done, done.total, done.stage, done.attempts) == (3, 3, "counting", 1)

    def test_shows_how_far_it_is(self, ask, run):
        found, seen = ask(to=4), []
        things.at[4] = lambda: seen.append(fresh(found))

        run(found)

        assert [(one.state, one.done, one.total, one.progress) for one in seen] == [("running", 3, 4, 75)]

    def test_acts_in_the_name_of_whoever_asked(self, ask, run):
        actors = []
        things.at[1] = lambda: actors.append(current_actor())

        run(ask())

        assert actors == [ADA]

    def test_does_it_once_however_often_it_is_delivered(self, ask, run):
        found = ask()

        assert [run(found) is not None for _ in range(3)] == [True, False, False]
        assert things.counted == [1, 2, 3]

    def test_is_told_step_by_step_by_its_history(self, ask, run):
        found = ask()
        things.at[2] = broken()
        run(found)

        assert [(step.state, step.actor_name) for step in queries.steps(fresh(found))] == [
            ("retrying", ""),
            ("running", ""),
            ("queued", ADA.name),
        ]

    def test_finds_nothing_in_another_tenant(self, ask, run, other_tenant_id):
        found = ask()

        with tenant(other_tenant_id), pytest.raises(JobNotFound):
            run(found)
        tasks.run(tenant_id=str(other_tenant_id), job_id=str(found.id), using=USING)

        assert (fresh(found).state, things.counted) == ("queued", [])


class TestFailing:
    def test_is_tried_again_from_where_it_stopped(self, ask, run, now):
        found = ask()
        things.at[3] = broken()
        waits = run(found)
        del things.at[3]

        assert (waits.state, waits.attempts) == ("retrying", 1)
        assert now <= waits.run_at <= now + timedelta(seconds=things.count.backoff_base_s)
        assert run(found) is None, "it is not due yet"
        look_after(found.id, using=USING, now=waits.due_at)
        assert run(found).result == {"counted": 3}
        assert things.counted == [1, 2, 3]

    def test_is_dead_after_the_last_attempt(self, ask, run):
        found = ask()
        things.at[1] = broken()
        for _ in range(3):
            run(found)
            look_after(found.id, using=USING, now=fresh(found).due_at)

        dead = fresh(found)
        assert (dead.state, dead.attempts) == ("dead", 3)
        assert dead.reason == "something went wrong on our side (Sick)"
        assert "in fail" in dead.traceback
        assert dead.finished_at

    def test_is_dead_at_once_where_trying_again_cannot_help(self, ask, run):
        things.at[2] = broken(things.Nonsense("there is no such number"))

        dead = run(ask())

        assert (dead.state, dead.attempts, dead.reason) == ("dead", 1, "nonsense: there is no such number")

    def test_is_tried_again_where_something_else_was_away(self, ask, run):
        things.at[2] = broken(Unavailable("the bank is closed"))

        assert run(ask()).state == "retrying"

    def test_is_dead_where_nobody_knows_the_work_any_more(self, ask, run):
        found = ask()
        Job.objects.using(USING).update(name="jobs.forgotten")

        assert run(found).reason.startswith("job_unknown")


class TestCancelling:
    def test_ends_a_waiting_job_at_once(self, ask, cancel, run, now):
        found, later = ask(), ask(run_at=now + timedelta(days=1))

        assert [cancel(one).state for one in (found, later)] == ["cancelled", "cancelled"]
        assert run(found) is None
        assert things.counted == []

    def test_ends_a_running_one_where_it_asks(self, ask, cancel, run):
        found = ask()
        things.at[2] = lambda: cancel(found)

        assert run(found).state == "cancelled"
        assert things.counted == [1]
        assert queries.steps(fresh(found))[1].cancel_requested

    def test_is_final_where_the_running_one_fails_instead(self, ask, cancel, run):
        found = ask()

        def both():
            cancel(found)
            raise things.Sick

        things.at[2] = both

        assert run(found).state == "cancelled"

    def test_is_safe_to_repeat_and_refused_when_it_is_done(self, ask, cancel, run):
        found, other = ask(), ask()
        run(other)

        assert cancel(found).version == cancel(found).version
        with pytest.raises(JobEnded):
            cancel(other)

    def test_does_not_find_a_job_of_another_tenant(self, ask, cancel, other_tenant_id):
        found = ask()

        with tenant(other_tenant_id), pytest.raises(JobNotFound):
            cancel(found)


class TestRetrying:
    def test_begins_a_dead_job_again_with_all_its_attempts(self, ask, run, retry, django_capture_on_commit_callbacks):
        things.at[2] = broken(things.Nonsense("no"))
        found = run(ask())
        things.at.clear()

        with django_capture_on_commit_callbacks(using=USING) as told:
            again = retry(found)

        assert (again.state, again.attempts, len(told)) == ("queued", 0, 1)
        done = run(found)
        assert (done.state, done.attempts, done.reason, things.counted) == ("succeeded", 1, "", [1, 2, 3])

    def test_takes_back_a_cancellation(self, ask, run, cancel, retry):
        found = ask()
        cancel(found)
        retry(found)

        assert run(found).state == "succeeded"

    def test_leaves_a_job_alone_that_waits_and_refuses_one_that_succeeded(self, ask, run, retry):
        found = ask()
        assert retry(found).version == found.version
        run(found)

        with pytest.raises(JobNotEnded):
            retry(found)

    def test_gives_up_a_dead_one_by_cancelling_it(self, ask, run, cancel):
        things.at[1] = broken(things.Nonsense("no"))

        assert cancel(run(ask())).state == "cancelled"


class TestLosingTheLease:
    def test_stops_the_run_and_its_word_counts_no_more(self, ask, run, now):
        found = ask()

        def silence():
            taken = look_after(found.id, using=USING, now=now + timedelta(seconds=settings.JOBS_LEASE_S * 3))
            look_after(found.id, using=USING, now=taken.due_at)
            running.run(found.id, using=USING, clock=lambda: taken.due_at, in_background=False)

        things.at[2] = lambda: (things.at.clear(), silence())

        assert run(found) is None
        assert (fresh(found).state, fresh(found).attempts, fresh(found).fence) == ("succeeded", 2, 2)
        assert things.counted == [1, 2, 3], "the first run stopped, and the second one went on from its checkpoint"

    def test_drops_the_last_word_of_a_run_that_never_asked(self, in_tenant, run, now):
        found = enqueue(things.hum, actor=ADA, now=now, using=USING)

        def silence():
            taken = look_after(found.id, using=USING, now=now + timedelta(seconds=settings.JOBS_LEASE_S * 3))
            look_after(found.id, using=USING, now=taken.due_at)
            running._begun(found.id, USING, taken.due_at)

        things.at[0] = silence

        assert run(found) is None
        assert (fresh(found).state, fresh(found).fence, fresh(found).result) == ("running", 2, None)

    def test_undoes_the_work_that_was_to_be_kept_with_a_checkpoint(self, ask, now):
        found = running._begun(ask().id, USING, now)
        progress = Progress(found, Pulse(found))
        look_after(found.id, using=USING, now=now + timedelta(seconds=settings.JOBS_LEASE_S))

        with pytest.raises(LeaseLost), transaction.atomic(using=USING):
            progress.keep(1)

    def test_does_not_happen_while_the_pulse_beats(self, ask, now):
        found = running._begun(ask().id, USING, now)
        pulse, at = Pulse(found), now
        for _ in range(10):
            at += timedelta(seconds=settings.JOBS_LEASE_S / 3)
            pulse.beat(at)

        assert look_after(found.id, using=USING, now=at) is None
        assert not pulse.lost

    def test_is_noticed_by_the_pulse(self, ask, now):
        found = running._begun(ask().id, USING, now)
        pulse = Pulse(found)
        look_after(found.id, using=USING, now=now + timedelta(seconds=settings.JOBS_LEASE_S))

        pulse.beat(now)

        with pytest.raises(LeaseLost):
            Progress(found, pulse).check()


@pytest.mark.django_db(databases=["default", "business"], transaction=True)
class TestAtOnce:
    def test_two_deliveries_run_it_once(self, ask, tenant_id):
        found, entered, go_on = ask(), Event(), Event()
        things.at[1] = lambda: (entered.set(), go_on.wait(30))

        def first():
            return running.run(found.id, using=USING)

        def second():
            assert entered.wait(30)
            try:
                return running.run(found.id, using=USING)
            finally:
                go_on.set()

        done, refused = together(tenant_id, first, second)

        assert (done.state, refused) == ("succeeded", None)
        assert things.counted == [1, 2, 3]

    def test_the_pulse_tells_from_its_own_thread_and_hears_of_a_cancellation(self, ask, tenant_id, now, settings):
        settings.JOBS_PULSE_S = 0.01
        found = running._begun(ask().id, USING, now)
        pulse = Pulse(found)
        progress = Progress(found, pulse)
        with beating(pulse), transaction.atomic(using=USING):
            progress.tell(1, 3, "in a transaction")
            told = wait_for(lambda: together(tenant_id, lambda: fresh(found))[0].stage)
            together(tenant_id, lambda: commands.cancel_job(job_id=found.id, using=USING, actor=ADA, now=now))
            wait_for(lambda: pulse.cancelled)

        assert told == "in a transaction"

    def test_the_pulse_outlives_a_database_that_is_away(self, ask, now, settings, monkeypatch):
        settings.JOBS_PULSE_S = 0.01
        pulse, beats = Pulse(running._begun(ask().id, USING, now)), []

        def beat(at):
            beats.append(at)
            if len(beats) == 1:
                raise DatabaseError("gone")

        monkeypatch.setattr(pulse, "beat", beat)
        with beating(pulse):
            wait_for(lambda: len(beats) > 1)


def wait_for(condition):
    from apps.core.events.tests.processes import until

    return until(condition, what="the pulse", deadline_s=30)


def test_work_may_be_done_in_place(ask, now, in_tenant):
    """The function is ordinary: a command may call it with a progress of its own."""
    asked = enqueue(things.count, {"to": 2}, actor=ADA, now=now, using=USING)
    begun = running._begun(asked.id, USING, now)

    assert things.count(Progress(begun, Pulse(begun)), to=2) == {"counted": 2}
