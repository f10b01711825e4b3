"""What happened in a span of time is read by those who may, page by page."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import transaction
from django.utils import timezone

from apps.core.events import UnitOfWork
from apps.core.events.tests.things import ThingHappened
from apps.core.tenancy import tenant

pytestmark = pytest.mark.django_db(databases=["default", "business"])
PATH, PAGE = "/api/v1/services/business/events", "/services/business/events/"


@pytest.fixture
def things(in_tenant, other_tenant_id):
    """Two things of this tenant, to which three events happened, and one of another."""
    ids = [uuid4() for _ in range(3)]
    for number, thing_id in enumerate((ids[0], ids[1], ids[0]), start=1):
        happen(thing_id, number)
    with tenant(other_tenant_id):
        happen(ids[2], 4)
    return ids


def happen(thing_id, number):
    with transaction.atomic(using="business"):
        UnitOfWork("business").publish(ThingHappened(thing_id=thing_id, number=number))


def span(**more):
    day = timezone.now().date()
    days = {"since": f"{day - timedelta(days=1)}", "until": f"{day + timedelta(days=1)}"}
    return {**days, "topic": "business.things", **more}


def numbers(answer):
    assert answer.status_code == 200, answer.content
    return [one["payload"]["number"] for one in answer.json()["data"]]


class TestTheApi:
    def test_tells_what_happened_page_by_page(self, api_client, things):
        client = api_client("owner")

        first = client.get(PATH, span(limit=2))
        second = client.get(first.json()["meta"]["links"]["next"])

        assert (numbers(first), numbers(second)) == ([1, 2], [3])
        assert second.json()["meta"]["next"] is None
        told = first.json()["data"][0]
        assert (told["event_type"], told["topic"], told["sequence"]) == ("ThingHappened", "business.things", 1)
        assert told["aggregate_id"] == str(things[0])

    def test_narrows_by_time_kind_and_what_it_happened_to(self, api_client, things):
        client = api_client("owner")
        now = timezone.now()

        assert numbers(client.get(PATH, span(aggregate_id=things[0]))) == [1, 3]
        assert numbers(client.get(PATH, span(event_type="ThingHappened"))) == [1, 2, 3]
        assert numbers(client.get(PATH, span(event_type="OrderPlaced"))) == []
        assert numbers(client.get(PATH, span(until=(now - timedelta(hours=1)).isoformat()))) == []
        assert numbers(client.get(PATH, span(topic="business.orders"))) == []

    @pytest.mark.parametrize("wrong", [{"since": "soon"}, {"until": ""}, {"cursor": "x"}, {"limit": 0}])
    def test_refuses_what_it_does_not_understand(self, api_client, wrong):
        answer = api_client("owner").get(PATH, span(**wrong))

        assert answer.status_code == 422
        assert set(answer.json()["errors"]) == set(wrong)


class TestThePage:
    def test_shows_what_was_said(self, browser, things):
        text = browser("owner").get(PAGE, {"topic": "business.things"}).content.decode()

        assert "ThingHappened" in text
        assert str(things[1]) in text
        assert "&quot;number&quot;: 2" in text

    def test_can_be_followed_from_where_it_was_made(self, browser):
        client = browser("owner")
        told = dict(re.findall(r'data-(stream|after)="(\S+)"', client.get(PAGE).content.decode()))

        assert client.get(told["stream"], {"after": told["after"]}).status_code == 200

    def test_says_what_it_does_not_understand(self, browser):
        text = browser("owner").get(PAGE, {"since": "soon"}).content.decode()

        assert "since: a day such as" in text
