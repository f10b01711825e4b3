from __future__ import annotations

from datetime import timedelta
from threading import Barrier

import pytest
from django.db import transaction

from apps.core.jobs import enqueue, enqueueing
from apps.core.jobs.definition import Definition, definition_named, job
from apps.core.jobs.errors import JobKeyReused, JobNotFound
from apps.core.jobs.models import Job
from apps.core.jobs.tests import things
from apps.core.jobs.tests.conftest import ADA, USING, together
from apps.core.jobs.work import locked
from apps.core.tenancy import NoTenant, no_tenant, tenant

pytestmark = pytest.mark.django_db


class TestAsking:
    def test_keeps_what_is_to_be_done_and_for_whom(self, ask, now):
        found = ask(to=7, about="seven sheep")

        found.refresh_from_db()
        assert (found.state, found.parameters, found.about, found.queue) == (
            "queued",
            {"to": 7},
            "seven sheep",
            "default",
        )
        assert (found.requested_by, found.requested_by_name, found.created_by) == (ADA.id, ADA.name, ADA.id)

    def test_tells_the_workers_after_the_commit_and_not_before(self, ask, django_capture_on_commit_callbacks):
        with django_capture_on_commit_callbacks(using=USING) as told:
            ask()
            assert told == []

        assert len(told) == 1

    def test_leaves_nothing_when_the_change_around_it_is_undone(self, ask, django_capture_on_commit_callbacks):
        change = transaction.atomic(using=USING)
        with django_capture_on_commit_callbacks(using=USING) as told, pytest.raises(things.Sick), change:
            ask()
            raise things.Sick

        assert (Job.objects.using(USING).count(), told) == (0, [])

    def test_for_later_tells_nobody_yet(self, ask, now, django_capture_on_commit_callbacks):
        later = now + timedelta(hours=9)

        with django_capture_on_commit_callbacks(using=USING) as told:
            found = ask(run_at=later)

        assert (found.state, found.run_at, found.due_at, told) == ("scheduled", later, later, [])

    def test_refuses_what_the_work_does_not_take(self, in_tenant, now):
        for parameters in ({}, {"to": 1, "from": 2}, {"to": {1, 2}}):
            with pytest.raises(TypeError):
                enqueue(things.count, parameters, actor=ADA, now=now, using=USING)

    def test_needs_a_tenant(self, now):
        with no_tenant(), pytest.raises(NoTenant):
            enqueue(things.count, {"to": 1}, actor=ADA, now=now, using=USING)

    def test_is_not_seen_by_another_tenant(self, ask, other_tenant_id):
        found = ask()

        with tenant(other_tenant_id), pytest.raises(JobNotFound):
            locked(found.id, using=USING)

    def test_makes_the_job_due_at_once_where_the_broker_is_away(self, ask, now, monkeypatch, settings):
        found = ask()
        monkeypatch.setattr(enqueueing.current_app, "send_task", lambda *a, **k: 1 / 0)

        enqueueing.hand_over(found)

        found.refresh_from_db()
        assert found.due_at < now + timedelta(seconds=settings.JOBS_HANDOVER_S / 2)


class TestAskingAgainWithTheSameKey:
    def test_gets_the_job_of_the_first_time(self, ask, run):
        first = ask(idempotency_key="k")

        assert ask(idempotency_key="k").id == first.id
        run(first)
        assert ask(idempotency_key="k").state == "succeeded"
        assert Job.objects.using(USING).count() == 1

    def test_for_something_else_is_refused(self, ask):
        ask(idempotency_key="k")

        with pytest.raises(JobKeyReused):
            ask(to=4, idempotency_key="k")

    def test_is_another_job_in_another_tenant_and_of_other_work(self, ask, now, other_tenant_id):
        first = ask(idempotency_key="k")
        with tenant(other_tenant_id):
            assert ask(idempotency_key="k").id != first.id

        assert enqueue(things.note, {"path": ""}, actor=ADA, now=now, using=USING, idempotency_key="k").id != first.id

    def test_is_another_job_without_a_key(self, ask):
        assert ask().id != ask().id


@pytest.mark.django_db(databases=["default", "business"], transaction=True)
def test_two_who_ask_at_once_with_one_key_get_one_job(ask, tenant_id):
    ready = Barrier(2)

    def asking():
        with transaction.atomic(using=USING):
            ready.wait(10)
            return ask(idempotency_key="k").id

    ids = together(tenant_id, asking, asking)

    assert ids[0] == ids[1]


class TestDeclaring:
    def test_is_found_by_its_name(self):
        assert definition_named("jobs.count") is things.count
        assert definition_named("jobs.nothing") is None
        assert isinstance(things.count, Definition)

    @pytest.mark.parametrize(
        ("name", "queue"),
        [("count", "default"), ("Jobs.Count", "default"), ("jobs.count", "default"), ("jobs.x", "fast")],
    )
    def test_refuses_a_bad_name_a_taken_one_and_an_unknown_queue(self, name, queue):
        with pytest.raises(ValueError, match="job"):
            job(name=name, title="x", queue=queue)(lambda progress: None)

    def test_waits_longer_after_each_failure_up_to_a_limit(self):
        work = things.count

        assert all(0 <= work.delay_s(1) <= work.backoff_base_s for _ in range(50))
        assert max(work.delay_s(30) for _ in range(50)) <= work.backoff_cap_s
        assert len({work.delay_s(4) for _ in range(20)}) > 10  # full jitter: they come apart
