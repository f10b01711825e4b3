"""A request has no more time than its caller gives, and says of when its answer is where that is not now."""

from __future__ import annotations

import time

import pytest
from redis.exceptions import ConnectionError

from apps.core.operations import standings
from apps.core.resilience import Dependency, sharing
from apps.core.resilience.deadlines import ends_at
from apps.core.tenancy import PLATFORM
from apps.iam.users.tests.factories import UserFactory
from tests.callers import Caller

pytestmark = pytest.mark.django_db

API = "/api/v1/dependencies"


@pytest.fixture
def api(db):
    one = UserFactory(is_platform_staff=True)
    return Caller(one.id, PLATFORM, "", one.email).client()


@pytest.fixture
def given_s(monkeypatch):
    """The seconds that each request of the list of dependencies had when it was worked on."""
    given = []
    shown = standings.overviews
    monkeypatch.setattr(standings, "overviews", lambda: given.append(ends_at() - time.monotonic()) or shown())
    return given


class TestDeadline:
    def test_is_the_callers_and_never_more_than_ours(self, api, given_s, settings):
        settings.WEB_TIMEOUT_S = 30.0

        for header in ({}, {"HTTP_X_REQUEST_DEADLINE": "2.5"}, {"HTTP_X_REQUEST_DEADLINE": "9999"}):
            assert api.get(API, **header).status_code == 200

        assert [round(one, 0) for one in given_s] == [30, 2, 30]
        assert ends_at() == float("inf")

    def test_counts_the_wait_for_a_thread_and_refuses_what_nobody_waits_for(self, api, given_s):
        arrived = {"web.arrived": time.monotonic() - 3.0}

        late = api.get(API, HTTP_X_REQUEST_DEADLINE="2.5", **arrived)
        in_time = api.get(API, HTTP_X_REQUEST_DEADLINE="20", **arrived)

        assert (late.status_code, late.json()["code"], late["Retry-After"]) == (503, "deadline_passed", "1")
        assert in_time.status_code == 200
        assert 15 < given_s[0] < 17.5


def test_an_answer_from_before_says_so(api, monkeypatch):
    fresh = api.get(API).json()["meta"]
    monkeypatch.setattr(sharing, "reports", _away)

    stale = api.get(API).json()["meta"]["stale"]

    assert "stale" not in fresh
    assert [one["dependency"] for one in stale] == ["redis"]
    assert stale[0]["asOf"].startswith(time.strftime("%Y-%m-%dT", time.gmtime()))
    assert isinstance(standings.found("redis"), Dependency)


def _away(now):
    raise ConnectionError("away")
