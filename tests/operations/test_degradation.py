"""What still works while something is away: the rows of docs/degradation.md that no feature's own tests hold."""

from __future__ import annotations

import re
import socket
from copy import deepcopy
from pathlib import Path

import pytest
from django.db import OperationalError, connections
from django.test import Client

from apps.business.orders.tests.factories import place
from apps.core.api.failures import DatabaseAway, database_failure
from apps.core.tenancy import tenant
from apps.core.tenancy.postgresql.base import DatabaseWrapper

pytestmark = pytest.mark.django_db(databases=["default", "business"])

ROOT = Path(__file__).resolve().parents[2]
NOBODY = "redis://127.0.0.1:1/0"  # nothing listens there


def without(settings, *aliases):
    caches = deepcopy(settings.CACHES)
    for alias in aliases:
        caches[alias]["LOCATION"] = NOBODY
    settings.CACHES = caches


def test_the_page_names_tests_that_there_are():
    named = re.findall(r"`([\w/]+\.py)`", (ROOT / "docs/degradation.md").read_text())

    assert len(named) > 10
    assert [one for one in named if not (ROOT / one).exists()] == []


def test_a_database_that_refused_five_connections_is_left_alone_for_a_moment():
    with socket.socket() as taken:  # nobody listens there, and nobody will
        taken.bind(("127.0.0.1", 0))
        address = {"HOST": "127.0.0.1", "PORT": taken.getsockname()[1], "NAME": "nowhere"}
        raised = [connection_error({**connections["default"].settings_dict, **address}) for _ in range(6)]

    assert all("refused" in str(one) for one in raised[:5])
    assert "is not asked" in str(raised[5])
    assert {type(database_failure(one)) for one in raised} == {DatabaseAway}


def connection_error(known):
    with pytest.raises(OperationalError) as raised:
        DatabaseWrapper(known, "nowhere").ensure_connection()
    return raised.value


class TestWithoutTheRedisOfSessions:
    @pytest.fixture(autouse=True)
    def _away(self, settings):
        without(settings, "sessions", "limits")

    def test_the_api_answers_who_brings_a_token(self, api_client, tenant_id):
        with tenant(tenant_id):
            order = place()
        owner = api_client("owner")

        assert owner.get(f"/api/v1/orders/{order.id}").status_code == 200
        assert owner.post(f"/api/v1/orders/{order.id}/cancellation", {"reason": "x"}).status_code == 200

    def test_a_browsers_session_is_neither_lost_nor_taken_for_none(self, settings):
        browser = Client(headers={"accept": "text/html"})
        browser.cookies[settings.BFF_COOKIE_NAME] = "a" * 32

        answer = browser.get("/")

        assert answer.status_code == 503
        assert answer["Retry-After"]
        assert settings.BFF_COOKIE_NAME not in answer.cookies


class TestWithoutTheCache:
    def test_nothing_is_refused(self, api_client, settings):
        without(settings, "default")

        assert api_client("owner").get("/api/v1/orders").status_code == 200
        unknown = Client(headers={"authorization": "Bearer pfk_" + "x" * 40, "accept": "application/json"})
        assert unknown.get("/api/v1/orders").status_code == 401
