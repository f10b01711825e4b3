"""The platform's staff see what is called and how that does, and may overrule the breakers; companies do not."""

from __future__ import annotations

import time
from io import StringIO

import pytest
from django.conf import settings
from django.contrib.messages import get_messages
from django.core.management import CommandError, call_command
from django.test import Client
from redis import Redis

from apps.core.mail.dependencies import MAIL_SERVER
from apps.core.operations import forcing, tasks
from apps.core.operations.models import DependencyChange
from apps.core.resilience import CircuitOpen, sharing
from apps.core.resilience.breaker import State
from apps.core.tenancy import PLATFORM
from apps.iam.users.tests.factories import UserFactory
from tests.callers import Caller

pytestmark = pytest.mark.django_db(transaction=True)

API, PAGE, NAME = "/api/v1/dependencies", "/dependencies/", MAIL_SERVER.name


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


@pytest.fixture
def redis(monkeypatch):
    """Nobody has told anything, and the mail server has never been called."""
    client = Redis.from_url(settings.REDIS_URL)
    monkeypatch.setattr(MAIL_SERVER, "circuits", {})
    monkeypatch.setattr(MAIL_SERVER, "forced", None)
    client.delete(sharing.FORCED, sharing.OPENINGS, sharing.PROCESSES)
    yield client
    client.delete(sharing.FORCED, sharing.OPENINGS, sharing.PROCESSES)


@pytest.fixture
def process(redis):
    return sharing.Sharing(redis, "web:1")


def fail(times=5):
    for _ in range(times):
        with pytest.raises(OSError, match="away"):
            MAIL_SERVER.call(_away, address="mail.example:25")


def _away(timeout_s):
    raise OSError("away")


def told(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


class TestOperators:
    def test_see_what_fails_where_and_why(self, api, browser, process):
        fail()
        process.exchange(time.time())

        (listed,) = [one for one in api.get(API).json()["data"] if one["name"] == NAME]
        shown = api.get(f"{API}/{NAME}").json()["data"]

        assert (listed["state"], listed["error_share"], listed["failing"]) == ("open", 1.0, ["mail.example:25"])
        assert listed["reason"] == "100% of the calls failed"
        assert shown["processes"] == [{"process": "web:1", "state": "open", "forced": False, "under_way": 0}]
        assert "100% of the calls failed" in browser.get(PAGE).content.decode()
        assert "mail.example:25" in browser.get(f"{PAGE}{NAME}/").content.decode()

    def test_force_a_circuit_open_in_every_process_with_a_reason(self, api, process):
        wish = {"state": "open", "because": "they move"}
        answer = api.post(f"{API}/{NAME}/override", wish).json()["data"]
        process.exchange(time.time())

        assert (answer["state"], answer["change"]["by_name"], answer["change"]["because"]) == (
            "forced_open",
            "Sam Staff",
            "they move",
        )
        with pytest.raises(CircuitOpen, match="operator"):
            MAIL_SERVER.call(lambda _: None)
        MAIL_SERVER.forced = None
        sharing.Sharing(process._redis, "started later").exchange(time.time())
        assert MAIL_SERVER.forced is State.OPEN

        api.post(f"{API}/{NAME}/override", {"state": "automatic", "because": "they are back"})
        process.exchange(time.time())
        assert MAIL_SERVER.call(lambda _: "sent") == "sent"
        assert [one.state for one in forcing.story(NAME)] == ["automatic", "open"]

    def test_may_do_so_on_the_page(self, browser, redis):
        path = f"{PAGE}{NAME}/override"

        assert told(browser.post(path, {"state": "closed"})) == ["Give a reason."]
        assert "whatever comes of it" in told(browser.post(path, {"state": "closed", "because": "a drill"}))[0]
        assert "so already" in told(browser.post(path, {"state": "closed", "because": "again"}))[0]

        shown = browser.get(f"{PAGE}{NAME}/").content.decode()
        assert "Forced closed" in shown and "a drill" in shown and "Sam Staff" in shown
        assert redis.hget(sharing.FORCED, NAME) == b"closed"

    def test_need_no_console(self, redis):
        def said(*arguments):
            call_command("dependencies", *arguments, stdout=(output := StringIO()))
            return output.getvalue()

        assert said("open", NAME, "--because", "a fire") == f"{NAME} is open\n"
        assert said("open", NAME, "--because", "again") == f"{NAME} is already open\n"
        assert f"{NAME}  forced_open  0 calls  0% failed  0% slow  a fire\n" in said("list")
        with pytest.raises(CommandError, match=f"there is no dependency nobody; there are .*{NAME}"):
            said("close", "nobody", "--because", "x")

    def test_are_obeyed_once_redis_is_back(self, api, redis, process):
        api.post(f"{API}/{NAME}/override", {"state": "open", "because": "x"})
        process.exchange(time.time())
        redis.delete(sharing.FORCED)
        process.exchange(time.time())
        assert MAIL_SERVER.forced is State.OPEN

        MAIL_SERVER.forced = None
        tasks.tell_forced()
        sharing.Sharing(redis, "started later").exchange(time.time())
        assert MAIL_SERVER.forced is State.OPEN

    def test_are_told_what_is_wrong(self, api, redis):
        assert api.get(f"{API}/nobody").status_code == 404
        assert api.post(f"{API}/{NAME}/override", {"state": "ajar", "because": "x"}).status_code == 422
        assert api.post(f"{API}/{NAME}/override", {"state": "open"}).status_code == 422
        assert not DependencyChange.objects.exists()


class TestProcesses:
    def test_need_half_the_evidence_where_another_has_found_it_failing(self, process, redis):
        fail()
        process.exchange(time.time())
        MAIL_SERVER.circuits.clear()  # as another process has it

        sharing.Sharing(redis, "web:2").exchange(time.time())
        fail(3)

        assert MAIL_SERVER.state() is State.OPEN

    def test_are_forgotten_when_they_are_silent(self, process, redis):
        fail()
        process.exchange(time.time() - 60)

        assert sharing.reports(time.time()) == []
        assert redis.hgetall(sharing.PROCESSES) == {}
        sharing.Sharing(redis, "web:2").exchange(time.time())
        assert not [one for one in redis.hgetall(sharing.OPENINGS).values() if b"web:1" in one]
