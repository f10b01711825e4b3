"""Programs and people find out which events there are."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from jsonschema import Draft202012Validator

pytestmark = pytest.mark.django_db(databases=["default", "business"])


class TestTheApi:
    def test_lists_every_event_with_those_who_hear_of_it(self, api_client):
        listed = api_client("manager").get("/api/v1/event-types").json()["data"]

        placed = next(one for one in listed if one["name"] == "OrderPlaced")
        assert (placed["topic"], placed["service"], placed["aggregate"]) == ("business.orders", "business", "Order")
        assert (placed["version"], placed["versions"]) == (1, [1])
        assert "business.order_summary" in placed["consumers"]

    def test_describes_one_with_its_fields_and_an_example(self, api_client):
        told = api_client("manager").get("/api/v1/event-types/OrderPlaced").json()["data"]

        assert told["example"]["eventType"] == "OrderPlaced"
        meaning = "In minor units of the currency."
        field = {"name": "totalMinor", "type": "integer", "required": True, "personal": False, "meaning": meaning}
        assert field in told["payload"]

    def test_marks_what_is_personal(self, api_client):
        told = api_client("manager").get("/api/v1/event-types/MemberInvited").json()["data"]

        assert [field["name"] for field in told["payload"] if field["personal"]] == ["email", "name"]

    def test_serves_the_schema_as_it_is_to_anybody(self):
        answer = Client(headers={"accept": "application/json"}).get("/api/v1/event-types/OrderPlaced/1/schema")

        assert answer["Content-Type"] == "application/schema+json"
        schema = json.loads(answer.content)
        assert schema["$id"].endswith("/api/v1/event-types/OrderPlaced/1/schema")
        Draft202012Validator.check_schema(schema)

    @pytest.mark.parametrize("path", ["Nothing", "OrderPlaced/9/schema", "Nothing/1/schema"])
    def test_says_that_there_is_no_such_event(self, api_client, path):
        answer = api_client("manager").get(f"/api/v1/event-types/{path}")

        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_event")

    def test_is_closed_to_those_who_may_not_see_events(self, api_client):
        assert api_client("clerk").get("/api/v1/event-types").status_code == 403


class TestAsyncApi:
    def test_is_as_public_as_the_rest_of_the_documentation(self, client):
        answer = client.get("/api/asyncapi")

        assert json.loads(answer.content)["asyncapi"] == "3.0.0"


class TestThePage:
    @pytest.fixture
    def browser(self, caller):
        return Client(headers={"authorization": f"Bearer {caller('manager').token()}", "accept": "text/html"})

    def test_lists_events_and_narrows_them(self, browser):
        everything = browser.get("/events/").content.decode()
        some = browser.get("/events/?q=daily_revenue").content.decode()

        assert "OrderPlaced" in everything and "RoleAssigned" in everything
        assert "OrderPlaced" in some and "RoleAssigned" not in some
        assert "No event fits" in browser.get("/events/?q=nonsense").content.decode()

    def test_shows_one_with_its_fields_its_parts_an_example_and_its_schemas(self, browser):
        shown = browser.get("/events/OrderPlaced/").content.decode()

        assert "Somebody agreed to buy" in shown
        assert "LinePlaced" in shown and "quantity" in shown
        assert "&quot;eventType&quot;: &quot;OrderPlaced&quot;" in shown
        assert 'href="/api/v1/event-types/OrderPlaced/1/schema"' in shown

    def test_is_not_found_for_what_is_no_event(self, browser):
        assert browser.get("/events/Nothing/").status_code == 404
