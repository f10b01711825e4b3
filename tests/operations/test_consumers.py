"""The platform's staff watch the consumer groups, halt and resume them; companies do not. Prometheus is told."""

from __future__ import annotations

import pytest
from django.contrib.messages import get_messages
from django.db import DatabaseError
from django.test import Client
from django.utils import timezone

from apps.core.events import fleet, standing
from apps.core.events.consumer import Consumer
from apps.core.events.subscriptions import group_named
from apps.core.events.tests.things import ECHO
from apps.core.tenancy import PLATFORM, no_tenant
from apps.iam.users.tests.factories import UserFactory
from tests.callers import Caller

pytestmark = pytest.mark.django_db(databases=["default", "business"])

API, PAGE = "/api/v1/services/business/consumers", "/services/business/consumers/"


@pytest.fixture
def staff(db):
    one = UserFactory(is_platform_staff=True, name="Sam Staff")
    return Caller(one.id, PLATFORM, "", one.email)


@pytest.fixture
def api(staff):
    return staff.client()


@pytest.fixture
def browser(staff):
    return Client(headers={"authorization": f"Bearer {staff.token()}", "accept": "text/html"})


def state():
    return standing.state_of(group_named(ECHO))


def told(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


class TestApi:
    def test_lists_the_groups_of_a_service(self, api, stuck):
        stuck()
        with no_tenant():
            Consumer(group_named(ECHO)).ready()

        listed = {row["name"]: row for row in api.get(API).json()["data"]}

        assert all(name.startswith("business.") for name in listed)
        echo = listed[ECHO]
        assert (echo["state"], echo["open_dead_letters"]) == ("running", 3)
        assert echo["event_types"] == ["ThingHappened"]
        assert [lag["source"] for lag in echo["lags"]] == ["business"]
        assert api.get(f"{API}/{ECHO}").json()["data"]["name"] == ECHO

    def test_pauses_and_resumes(self, api):
        paused = api.post(f"{API}/{ECHO}/pause", {"because": "maintenance"}).json()["data"]
        assert (paused["state"], paused["change"]["by_name"], state()) == ("paused", "Sam Staff", "paused")

        resumed = api.post(f"{API}/{ECHO}/resumption").json()["data"]
        assert [one["state"] for one in resumed["story"]] == ["running", "paused"]
        assert state() == "running"

    def test_says_what_is_wrong(self, api):
        assert api.post(f"{API}/{ECHO}/pause").status_code == 422
        assert api.get(f"{API}/business.nobody").status_code == 404
        assert api.get("/api/v1/services/iam/consumers/business.echo").status_code == 404

    def test_is_no_companys(self, api_client):
        owner = api_client("owner")

        assert owner.get(API).status_code == 403
        assert owner.post(f"{API}/{ECHO}/pause", {"because": "x"}).status_code == 403
        assert state() == "running"


class TestPages:
    def test_show_all_and_one(self, browser):
        listed = browser.get(PAGE).content.decode()
        shown = browser.get(f"{PAGE}{ECHO}/").content.decode()

        assert f"{PAGE}{ECHO}/" in listed
        assert "Nobody reads" in listed and "Nobody reads" in shown
        assert "It was never paused." in shown
        assert "/services/business/consumers/" in browser.get(PAGE).content.decode()

    def test_pause_with_a_reason_and_an_undo(self, browser):
        assert told(browser.post(f"{PAGE}{ECHO}/pause")) == ["Give a reason for pausing."]
        response = browser.post(f"{PAGE}{ECHO}/pause", {"because": "maintenance"})
        (message,) = get_messages(response.wsgi_request)

        assert message.extra_tags == f"undo:{PAGE}{ECHO}/resumption"
        assert "maintenance" in browser.get(f"{PAGE}{ECHO}/").content.decode()
        assert "reads on" in told(browser.post(f"{PAGE}{ECHO}/resumption"))[0]
        assert "neither" in told(browser.post(f"{PAGE}{ECHO}/resumption"))[0]

    def test_say_why_a_group_suspended_itself(self, browser):
        standing.suspend(group_named(ECHO), because="4 of its last 4 events failed", now=timezone.now())

        shown = browser.get(f"{PAGE}{ECHO}/").content.decode()

        assert "It suspended itself" in shown and "4 of its last 4 events failed" in shown


class TestMeasures:
    def lines(self, client):
        return client.get("/metrics").content.decode().splitlines()

    def test_tell_lag_counts_state_and_dead_letters_of_each_group(self, client, stuck):
        stuck()
        with no_tenant():
            Consumer(group_named(ECHO)).ready()

        lines = self.lines(client)

        assert "events_groups_known 1.0" in lines
        assert f'events_group_behind{{group="{ECHO}",source="business"}} 0.0' in lines
        assert f'events_group_oldest_unread_seconds{{group="{ECHO}",source="business"}} 0.0' in lines
        assert f'events_dead_letters_open{{group="{ECHO}"}} 3.0' in lines
        assert f'events_group_state{{group="{ECHO}",state="running"}} 1.0' in lines
        assert f'events_group_state{{group="{ECHO}",state="paused"}} 0.0' in lines
        assert any(line.startswith(f'events_group_handled_total{{group="{ECHO}"}}') for line in lines)

    def test_leave_the_rest_alone_while_a_database_is_away(self, client, monkeypatch):
        def away(*_, **__):
            raise DatabaseError("away")

        monkeypatch.setattr(fleet, "standings", away)

        lines = self.lines(client)

        assert "events_groups_known 0.0" in lines
        assert any(line.startswith(("python_info", "django_")) for line in lines)
