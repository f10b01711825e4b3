from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.messages import get_messages
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from apps.core.db.ids import uuid7
from apps.core.history import SYSTEM
from apps.core.sagas import deciding, queries
from apps.core.sagas.models import Instance
from apps.core.sagas.runner import Runner
from apps.core.sagas.testing import refusing
from apps.core.sagas.tests import things
from apps.core.sagas.tests.things import HERE, TRAVEL, TravelHarness
from apps.core.tenancy import tenant

State = Instance.State
API = "/api/v1/services/business/sagas"
PAGE = "/services/business/sagas/"

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting(in_tenant):
    """A journey that waits for its approval."""
    row = queries.instance_of("business.travel", things.book_journey())
    return run(row)


@pytest.fixture
def stuck(waiting):
    """One that was denied, and whose room cannot be given back."""
    deciding.decide(waiting.name, waiting.key, approved=False, reason="no", actor=SYSTEM, now=timezone.now())
    with TravelHarness().declared_with({0: replace(TRAVEL.steps[0], undo=refusing(TRAVEL.steps[0]).do)}):
        return run(waiting)


@pytest.fixture
def browser(caller):
    return Client(headers={"authorization": f"Bearer {caller('manager').token()}", "accept": "text/html"})


def run(row):
    at = timezone.now() + timedelta(seconds=2)
    Runner(HERE, clock=lambda: at).run(row.id)
    return queries.instance(row.id, using=HERE)


class TestApi:
    def test_lists_what_needs_a_person(self, api_client, stuck):
        things.book_journey()
        client = api_client("manager")

        everything, found = client.get(API).json()["data"], client.get(f"{API}?stuck=true").json()["data"]

        assert len(everything) == 2
        assert [(one["id"], one["state"], one["step"]) for one in found] == [
            (str(stuck.id), "needs_attention", "book room")
        ]

    def test_tells_each_step_and_what_comes_next(self, api_client, waiting):
        told = api_client("manager").get(f"{API}/{waiting.id}").json()["data"]

        assert [(step["name"], step["state"]) for step in told["steps"]] == [
            ("book room", "done"),
            ("book flight", "done"),
            ("approval", "waiting"),
            ("pack", "pending"),
            ("pay", "pending"),
            ("send papers", "pending"),
        ]
        assert "waits for a person's decision" in told["next"]
        assert told["known"]["ticket"] == "seat 1A"
        assert [entry["kind"] for entry in told["entries"]] == ["begun", "done", "done", "waiting"]

    def test_lets_somebody_repair(self, api_client, stuck):
        client = api_client("manager")

        assert client.post(f"{API}/{stuck.id}/skipping", {}).status_code == 422
        skipped = client.post(f"{API}/{stuck.id}/skipping", {"reason": "called the hotel"})

        assert skipped.status_code == 200, skipped.content
        assert run(stuck).state == State.COMPENSATED
        told = client.get(f"{API}/{stuck.id}").json()["data"]["steps"]
        assert [step["state"] for step in told] == ["skipped", "undone", "turned_back", *["not_reached"] * 3]
        again = client.post(f"{API}/{stuck.id}/retrial")
        assert (again.status_code, again.json()["code"]) == (409, "nothing_to_repair")

    def test_has_a_step_tried_again(self, api_client, stuck):
        retried = api_client("manager").post(f"{API}/{stuck.id}/retrial")

        assert (retried.status_code, retried.json()["data"]["state"]) == (200, "compensating")
        assert run(stuck).state == State.COMPENSATED

    def test_resolves_and_cancels(self, api_client, stuck):
        client = api_client("manager")
        other = queries.instance_of("business.travel", things.book_journey())

        resolved = client.post(f"{API}/{stuck.id}/resolution", {"reason": "settled"})
        cancelled = client.post(f"{API}/{other.id}/cancellation", {"reason": "ill"})

        assert resolved.json()["data"]["state"] == "resolved"
        assert cancelled.json()["data"]["state"] == "compensating"

    def test_takes_the_steps_own_permission_to_decide(self, api_client, waiting):
        """Which no role but the owner's holds here."""
        refused = api_client("manager").post(f"{API}/{waiting.id}/decision", {"approved": True})
        approved = api_client("owner").post(f"{API}/{waiting.id}/decision", {"approved": True})

        assert (refused.status_code, approved.status_code) == (403, 200), approved.content
        assert "approval" in queries.instance(waiting.id, using=HERE).answers

    def test_knows_nothing_of_another_tenant(self, api_client, waiting, other_tenant_id):
        client = api_client("owner", tenant_id=other_tenant_id)

        assert client.get(API).json()["data"] == []
        assert client.get(f"{API}/{waiting.id}").status_code == 404
        assert client.post(f"{API}/{waiting.id}/cancellation", {"reason": "x"}).status_code == 404


class TestPages:
    def test_show_what_is_stuck_first_and_how_each_step_stands(self, browser, stuck):
        listed, shown = browser.get(PAGE), browser.get(f"{PAGE}{stuck.id}/")

        assert "These need a person" in listed.content.decode()
        assert "book room" in shown.content.decode()
        assert "Try again" in shown.content.decode()
        assert "1" in browser.get(f"{PAGE}stuck").content.decode()

    def test_repair_with_a_reason(self, browser, stuck):
        browser.post(f"{PAGE}{stuck.id}/resolution", {"reason": " "})
        assert queries.instance(stuck.id, using=HERE).state == State.NEEDS_ATTENTION

        browser.post(f"{PAGE}{stuck.id}/resolution", {"reason": "settled"})
        assert queries.instance(stuck.id, using=HERE).state == State.RESOLVED

    def test_say_what_cannot_be_done(self, browser, waiting):
        answer = browser.post(f"{PAGE}{waiting.id}/retrial")

        assert [str(said) for said in get_messages(answer.wsgi_request)] == ["business.travel is waiting"]
        assert browser.post(f"{PAGE}{waiting.id}/nonsense").status_code == 404


class TestCommand:
    @pytest.fixture
    def committed(self, transactional_db, tenant_id):
        with tenant(tenant_id):
            return run(queries.instance_of("business.travel", things.book_journey()))

    def sagas(self, *arguments):
        out = StringIO()
        call_command("sagas", *arguments, stdout=out)
        return out.getvalue()

    def test_lists_shows_and_cancels(self, committed, tenant_id):
        assert "0 sagas are stuck" in self.sagas("list")
        assert str(committed.id) in self.sagas("list", "--all")
        assert "approval  waiting" in self.sagas("show", str(committed.id))
        assert "compensating" in self.sagas("cancel", str(committed.id), "--because", "ill")

        with tenant(tenant_id):
            assert run(committed).state == State.COMPENSATED

    def test_says_what_it_cannot_do_in_one_line(self, committed):
        with pytest.raises(CommandError, match="nothing_to_repair"):
            self.sagas("retry", str(committed.id))
        with pytest.raises(CommandError, match="there is no saga"):
            self.sagas("show", str(uuid7()))
