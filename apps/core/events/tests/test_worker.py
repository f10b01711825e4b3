from __future__ import annotations

import os

import psycopg
import pytest
from celery import shared_task
from django.db import connections

from apps.core.events.log import stream
from apps.core.events.maintenance import create_partitions, forget_old_effects
from apps.core.events.models import Inbox
from apps.core.events.tasks import maintain_log
from apps.core.events.testing import consume_available, run_relay_once
from apps.core.events.tests.processes import relay, terminated, until, worker
from apps.core.events.tests.things import ECHO, RELAYED, calls, echo_id
from apps.core.tenancy import current_tenant_id
from config.celery import app


def echoes(thing_id):
    return [envelope.payload["number"] for envelope in stream(echo_id(thing_id), using="business")]


@pytest.mark.django_db(databases=["default", "business"], transaction=True)
class TestWorker:
    def test_consumes_beside_its_jobs_unless_told_not_to_and_ends_when_asked(self, happen, thing_id):
        with relay():
            with worker("--pool=solo", EVENTS_CONSUME="none") as process:
                happen(thing_id, 1)
                until(lambda: ping(), what="the worker")
                assert terminated(process) == 0
            assert echoes(thing_id) == []

            with worker("--pool=prefork", "--concurrency=1") as process:
                happen(thing_id, 2)
                until(lambda: len(echoes(thing_id)) == 2, what="the effects")
                assert terminated(process) == 0
        assert echoes(thing_id) == [1, 2]

    def test_ends_with_an_error_when_its_consumer_dies(self):
        with worker("--pool=solo", BUSINESS_DATABASE_RELAY_URL="") as process:
            assert process.wait(120) == os.EX_SOFTWARE


@shared_task
def session_of_task():
    with connections["business"].cursor() as cursor:
        cursor.execute("select pg_backend_pid()")
        return cursor.fetchone()[0]


@pytest.mark.django_db(databases=["default", "business"], transaction=True)
class TestConnectionsOfTasks:
    def test_are_taken_over_by_the_next_one(self):
        assert session_of_task() == session_of_task()

    def test_are_made_anew_when_the_server_ended_them(self):
        before = session_of_task()
        with psycopg.connect(os.environ["TEST_SUPERUSER_URL"], connect_timeout=10) as server:
            server.execute("select pg_terminate_backend(%s, 5000)", [before])

        assert session_of_task() != before


def ping():
    return app.control.inspect(timeout=1).ping()


@pytest.mark.django_db(databases=["default", "business"], transaction=True)
class TestByHand:
    def test_relay_and_consumer_can_be_stepped(self, happen, thing_id):
        happen(thing_id, 1, 2)

        assert consume_available(ECHO) == 0
        assert run_relay_once("business") == 2
        assert consume_available(ECHO) == 2

        assert echoes(thing_id) == [1, 2]

    def test_a_group_may_keep_its_effects_in_another_database(self, happen, thing_id):
        happen(thing_id, 1)
        run_relay_once("business")

        consume_available(RELAYED)

        assert (RELAYED, 1) in calls
        assert Inbox.objects.using("default").filter(group=RELAYED).count() == 1
        assert Inbox.objects.using("business").filter(group=RELAYED).count() == 0


@pytest.mark.django_db(databases=["default", "business"])
class TestMaintenance:
    def test_forgets_effects_that_nobody_can_deliver_again(self, happen, thing_id, drain, settings):
        happen(thing_id, 1)
        drain()

        assert forget_old_effects("business") == 0
        settings.EVENTS_INBOX_DAYS = -1
        assert forget_old_effects("business") > 0

    def test_is_safe_to_repeat(self):
        maintain_log()
        maintain_log()

        assert create_partitions("business") == 0


class TestTasks:
    @pytest.mark.django_db
    def test_run_in_no_tenant_also_in_place(self, in_tenant):
        @shared_task(name="events.tests.tenant")
        def tenant_of_task():
            return current_tenant_id()

        assert tenant_of_task() is None
        assert app.tasks["events.maintain_log"].name == "events.maintain_log"
