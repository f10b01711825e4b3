from __future__ import annotations

import os
from datetime import timedelta

import psycopg
import pytest
from django.db import ProgrammingError, connections, transaction
from prometheus_client import REGISTRY

from apps.core.events.tests.processes import running as process
from apps.core.events.tests.processes import until
from apps.core.jobs import enqueue, running, sweeping, tasks
from apps.core.jobs.models import Job
from apps.core.jobs.tests import things
from apps.core.jobs.tests.conftest import ADA, USING
from apps.core.tenancy import current_tenant_id, tenant

COMMITTED = pytest.mark.django_db(databases=["default", "business"], transaction=True)


def fresh(found):
    with tenant(found.tenant_id):
        return Job.objects.using(USING).get(id=found.id)


def measured(metric, /, **labels):
    return REGISTRY.get_sample_value(metric, labels)


@pytest.mark.django_db
class TestLookingAfter:
    def test_leaves_a_scheduled_job_alone_until_its_time(self, ask, run, now, django_capture_on_commit_callbacks):
        later = now + timedelta(hours=9)
        found = ask(run_at=later)

        assert sweeping.look_after(found.id, using=USING, now=later - timedelta(seconds=1)) is None
        assert run(found) is None
        with django_capture_on_commit_callbacks(using=USING) as told:
            assert sweeping.look_after(found.id, using=USING, now=later).state == "queued"

        assert len(told) == 1
        assert run(found, at=later).state == "succeeded"

    def test_hands_over_again_what_no_worker_has_begun(self, ask, now, settings, django_capture_on_commit_callbacks):
        found, lost = ask(), now + timedelta(seconds=settings.JOBS_HANDOVER_S)

        assert sweeping.look_after(found.id, using=USING, now=lost - timedelta(seconds=1)) is None
        with django_capture_on_commit_callbacks(using=USING) as told:
            again = sweeping.look_after(found.id, using=USING, now=lost)

        assert (again.state, len(told)) == ("queued", 1)
        assert again.due_at == lost + timedelta(seconds=settings.JOBS_HANDOVER_S)
        assert sweeping.look_after(found.id, using=USING, now=lost) is None, "who sweeps second finds nothing due"

    def test_gives_the_job_of_a_dead_runner_another_attempt_until_there_is_none(self, ask, now, settings):
        found, at = ask(), now
        for _ in range(3):
            running._begun(found.id, USING, at)
            at += timedelta(seconds=settings.JOBS_LEASE_S)
            found = sweeping.look_after(found.id, using=USING, now=at)
            at = max(at, found.due_at)
            sweeping.look_after(found.id, using=USING, now=at)

        found = fresh(found)
        assert (found.state, found.attempts) == ("dead", 3)
        assert "runner died" in found.reason

    def test_grants_a_dead_runners_job_its_cancellation(self, ask, now, settings):
        found = running._begun(ask().id, USING, now)
        Job.objects.using(USING).filter(id=found.id).update(cancel_requested_at=now)

        swept = sweeping.look_after(found.id, using=USING, now=now + timedelta(seconds=settings.JOBS_LEASE_S))

        assert swept.state == "cancelled"

    def test_does_nothing_with_what_has_ended(self, ask, run, now):
        found = run(ask())

        assert sweeping.look_after(found.id, using=USING, now=now + timedelta(days=1)) is None


@pytest.mark.django_db
class TestForgetting:
    def test_takes_what_ended_long_ago_and_nothing_else(self, ask, run, now, other_tenant_id):
        ended, waiting = run(ask()), ask()
        with tenant(other_tenant_id):
            run(ask())

        assert sweeping.forget(USING, before=now) == 0
        assert sweeping.forget(USING, before=now + timedelta(seconds=1)) == 1

        assert list(Job.objects.using(USING).values_list("id", flat=True)) == [waiting.id]
        with tenant(other_tenant_id):
            assert Job.objects.using(USING).count() == 1
        assert ended.state == "succeeded"


@pytest.mark.django_db
class TestForgettingHistories:
    def test_is_refused_while_they_are_young(self, ask, run, now):
        run(ask())

        with pytest.raises(ProgrammingError, match="30 days"), transaction.atomic(using=USING):
            sweeping.forget_histories(USING, before=now - timedelta(days=29))


@COMMITTED
def test_old_histories_of_jobs_that_are_gone_are_forgotten(ask, run, now, other_tenant_id):
    gone, kept = run(ask()), ask()
    with tenant(other_tenant_id):
        theirs = run(ask())
    sweeping.forget(USING, before=now + timedelta(seconds=1))
    forty_days_older([gone.id, kept.id, theirs.id])

    forgotten = sweeping.forget_histories(USING, before=now - timedelta(days=31))

    assert forgotten > 0
    assert sweeping.forget_histories(USING, before=now - timedelta(days=31)) == 0
    assert (remembered(gone), remembered(kept) > 0) == (0, True)
    with tenant(other_tenant_id):
        assert remembered(theirs) > 0


def remembered(found):
    return Job.history.rel.related_model.objects.using(USING).filter(pgh_obj_id=found.id).count()


def forty_days_older(job_ids):
    """As only the server's own superuser can make it."""
    name = connections[USING].settings_dict["NAME"]
    with psycopg.connect(os.environ["TEST_SUPERUSER_URL"], dbname=name) as admin:
        admin.execute("set session_replication_role = replica")
        admin.execute(
            "update jobs_jobhistory set pgh_created_at = now() - interval '40 days' where pgh_obj_id = any(%s)",
            [job_ids],
        )


@COMMITTED
class TestSweep:
    def test_finds_what_is_due_in_every_tenant_and_counts(self, ask, now, other_tenant_id):
        mine = ask(run_at=now + timedelta(minutes=1))
        with tenant(other_tenant_id):
            theirs = ask(run_at=now + timedelta(minutes=2))

        assert sweeping.sweep(USING, now=now) == 0
        assert sweeping.sweep(USING, now=now + timedelta(minutes=5)) == 2
        assert sweeping.sweep(USING, now=now + timedelta(minutes=5)) == 0

        assert [fresh(mine).state, fresh(theirs).state] == ["queued", "queued"]
        assert measured("jobs", service="business", state="queued") == 2
        assert measured("job_queue_age_seconds", service="business", queue="default") == 240

    def test_is_a_task_over_every_database(self, ask, now):
        ask(using="default", run_at=now + timedelta(milliseconds=1))

        tasks.sweep()
        tasks.forget_old_jobs()

        with tenant(current_tenant_id()):
            assert Job.objects.using("default").get().state == "queued"


@COMMITTED
def test_what_a_killed_worker_was_at_is_carried_on_and_nothing_is_done_twice(in_tenant, now, tmp_path, settings):
    """A real worker is told through the real broker, and killed with SIGKILL in the middle."""
    lines = tmp_path / "lines"
    lines.write_text("")
    arguments = ("-m", "apps.core.jobs.tests.worker_process", "--pool=solo", "--queues=bulk")
    with process(*arguments, EVENTS_CONSUME="none", JOBS_PULSE_S="0.05") as worker:
        found = enqueue(things.note, {"path": str(lines)}, actor=ADA, now=now, using=USING)
        until(lambda: fresh(found).done == 2, what="the middle of the job")
        worker.kill()
        worker.wait(30)
    killed = fresh(found)
    assert (killed.state, killed.checkpoint, killed.progress) == ("running", 2, 66)
    assert running.run(found.id, using=USING) is None, "a second delivery finds it in other hands"

    again = sweeping.look_after(found.id, using=USING, now=killed.due_at)
    sweeping.look_after(found.id, using=USING, now=again.due_at)
    done = running.run(found.id, using=USING)

    assert (done.state, done.result, done.attempts) == ("succeeded", 3, 2)
    assert lines.read_text() == "1 2 3 "
    assert measured("job_run_seconds_count", name="jobs.note", state="succeeded") >= 1
