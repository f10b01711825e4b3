"""The audit over HTTP: REST and page."""

from __future__ import annotations

from dataclasses import replace

import pytest

from apps.core.db.ids import uuid7
from apps.core.history import acting
from apps.iam.users import commands

pytestmark = pytest.mark.django_db


class TestChanges:
    def test_come_page_by_page(self, owner, member, client_of):
        member("clerk")
        client = client_of(owner)

        first = client.get("/api/v1/changes?limit=1&entity=Membership").json()
        second = client.get(first["meta"]["links"]["next"]).json()

        assert first["data"][0]["entity"] == "Membership"
        assert first["data"][0]["after"]["status"] == "active"
        assert second["data"][0]["entity_label"] == "Olive Hart"
        assert second["meta"]["next"] is None

    def test_come_from_every_service_with_names(self, owner, client_of):
        client = client_of(owner)
        product = {"sku": "TEA-1", "name": "Teapot", "unit_price": "2.55", "currency": "GBP"}
        created = client.post("/api/v1/products", product).json()["data"]

        (change,) = client.get("/api/v1/changes?entity=Product").json()["data"]

        assert (change["action"], change["entity_id"], change["entity_label"]) == ("created", created["id"], "Teapot")
        assert change["actor_name"] == "Olive Hart"

    def test_are_refused_to_clerks(self, owner, member, client_of):
        response = client_of(member("clerk")).get("/api/v1/changes")

        assert response.status_code == 403
        assert response.json()["permission"] == "audit.view"

    def test_refuse_a_wrong_filter(self, owner, client_of):
        response = client_of(owner).get("/api/v1/changes?action=burned")

        assert response.status_code == 422
        assert "action" in response.json()["errors"]


class TestPage:
    def test_shows_changes(self, owner, client_of):
        response = client_of(owner).get("/audit/", headers={"accept": "text/html"})

        assert response.status_code == 200
        assert "Olive Hart" in response.content.decode()

    def test_shows_what_is_wrong_with_a_filter(self, owner, client_of):
        response = client_of(owner).get("/audit/?from=yesterday&q=", headers={"accept": "text/html"})

        assert response.status_code == 200
        assert response.context["changes"] == []
        assert "from:" in response.context["filter_errors"][0]


class TestImpersonation:
    @pytest.fixture
    def renamed(self, owner, by_owner, member):
        sam = {"impersonator_id": uuid7(), "impersonator_name": "Sam Smith"}
        bob = member("clerk")
        with acting(replace(by_owner, **sam), reason="asked for by phone"):
            commands.update_member(user_id=bob.user_id, name="Bob Day", actor=replace(by_owner, **sam))
        return sam

    def test_is_told_with_the_reason_by_the_api(self, owner, client_of, renamed):
        (change,) = client_of(owner).get("/api/v1/changes?entity=Membership&action=updated").json()["data"]

        assert (change["actor_name"], change["impersonator_name"]) == ("Olive Hart", "Sam Smith")
        assert change["impersonator_id"] == str(renamed["impersonator_id"])
        assert change["reason"] == "asked for by phone"

    def test_is_told_with_the_reason_on_the_page(self, owner, client_of, renamed):
        page = client_of(owner).get("/audit/?action=updated", headers={"accept": "text/html"}).content.decode()

        assert "Sam Smith" in page
        assert "asked for by phone" in page
