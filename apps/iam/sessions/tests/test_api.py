"""Sessions over REST."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from apps.core.history import SYSTEM
from apps.core.tenancy import tenant
from apps.iam.service_accounts import commands as service_accounts
from apps.iam.sessions.models import Session
from apps.iam.sessions.tests.factories import SessionFactory
from apps.iam.tenants.tests.factories import TenantFactory
from tests.callers import Caller, JsonClient, access_token

pytestmark = pytest.mark.django_db


@pytest.fixture
def signed_in(company):
    """A client that calls in a session."""

    def client(session, tenant_id=None):
        token = Caller(session.user_id, tenant_id or company.id, "", "").token(sid=str(session.id))
        return JsonClient(headers={"authorization": f"Bearer {token}", "accept": "application/json"})

    return client


def rows(response):
    assert response.status_code == 200, response.content
    return response.json()["data"]


class TestMySessions:
    def test_shows_where_i_am_signed_in_and_which_is_this_one(self, company, member, session_of, signed_in, now):
        ada = member(name="Ada King")
        here = session_of(ada)
        there = session_of(ada, device="Safari on iPhone", last_seen_at=now - timedelta(hours=1))
        session_of(member())

        first, second = rows(signed_in(here).get("/api/v1/me/sessions"))

        assert (first["id"], first["current"], first["device"]) == (str(here.id), True, "Firefox on Linux")
        assert (second["id"], second["current"], second["device"]) == (str(there.id), False, "Safari on iPhone")
        assert first["person"] == {"id": str(ada.user_id), "name": ada.user.name}
        assert (first["kind"], first["impersonator"], first["tenant_id"]) == ("sign_in", None, str(company.id))
        assert (first["acr"], first["amr"], first["address"]) == ("aal1", ["pwd"], "192.0.2.7")

    def test_come_page_by_page(self, member, session_of, signed_in):
        ada = member()
        here, _ = session_of(ada), session_of(ada)

        answer = signed_in(here).get("/api/v1/me/sessions?limit=1").json()

        assert len(answer["data"]) == 1
        assert answer["meta"]["next"]

    def test_can_be_named(self, member, session_of, signed_in):
        here = session_of(member())
        client = signed_in(here)
        etag = client.get(f"/api/v1/me/sessions/{here.id}")["ETag"]

        named = client.patch(
            f"/api/v1/me/sessions/{here.id}",
            {"name": " Laptop  at work "},
            content_type="application/json",
            headers={"If-Match": etag},
        )
        stale = client.patch(
            f"/api/v1/me/sessions/{here.id}",
            {"name": "Other"},
            content_type="application/json",
            headers={"If-Match": etag},
        )

        assert (named.status_code, named.json()["data"]["name"]) == (200, "Laptop at work")
        assert stale.status_code == 412

    @pytest.mark.parametrize("name", ["x" * 101, "turned\u202eround", "nul\x00"])
    def test_are_not_named_like_that(self, member, session_of, signed_in, name):
        here = session_of(member())

        response = signed_in(here).patch(
            f"/api/v1/me/sessions/{here.id}", {"name": name}, content_type="application/json"
        )

        assert response.status_code == 422
        assert "name" in response.json()["errors"]

    def test_end_one_by_one(self, member, session_of, signed_in):
        ada = member()
        here, there = session_of(ada), session_of(ada)

        assert signed_in(here).delete(f"/api/v1/me/sessions/{there.id}").status_code == 204
        assert signed_in(there).get("/api/v1/me/sessions").status_code == 401
        assert signed_in(there).get("/api/v1/me/sessions").json()["code"] == "session_over"
        assert signed_in(here).delete(f"/api/v1/me/sessions/{there.id}").status_code == 404

    def test_end_all_but_this_one(self, member, session_of, signed_in):
        ada = member()
        here, *_ = session_of(ada), session_of(ada), session_of(ada)

        answer = signed_in(here).delete("/api/v1/me/sessions")

        assert (answer.status_code, answer.json()["data"]) == (200, {"ended": 2})
        assert [row["id"] for row in rows(signed_in(here).get("/api/v1/me/sessions"))] == [str(here.id)]

    def test_of_somebody_else_are_not_found(self, member, session_of, signed_in):
        here, theirs = session_of(member()), session_of(member())
        client, path = signed_in(here), f"/api/v1/me/sessions/{theirs.id}"

        assert client.get(path).status_code == 404
        assert client.delete(path).status_code == 404
        assert client.patch(path, {"name": "Mine"}, content_type="application/json").status_code == 404
        assert Session.objects.get(id=theirs.id).ended_at is None


class TestSessionsOfAMember:
    def test_are_shown_to_managers_as_far_as_they_are_of_this_company(
        self, owner, other_company, member, session_of, client_of
    ):
        ada = member()
        here = session_of(ada)
        SessionFactory(user=ada.user, tenant_id=other_company.id)

        assert [row["id"] for row in rows(client_of(owner).get(f"/api/v1/users/{ada.user_id}/sessions"))] == [
            str(here.id)
        ]

    def test_end_one_by_one_or_all_at_once(self, owner, member, session_of, client_of):
        ada, client = member(), client_of(owner)
        one, _, _ = session_of(ada), session_of(ada), session_of(ada)

        assert client.delete(f"/api/v1/users/{ada.user_id}/sessions/{one.id}").status_code == 204
        assert client.delete(f"/api/v1/users/{ada.user_id}/sessions").json()["data"] == {"ended": 2}
        assert rows(client.get(f"/api/v1/users/{ada.user_id}/sessions")) == []

    def test_of_an_owner_are_not_a_managers_to_end(self, owner, member, session_of, client_of):
        session, client = session_of(owner), client_of(member("manager"))

        response = client.delete(f"/api/v1/users/{owner.user_id}/sessions/{session.id}")

        assert (response.status_code, response.json()["code"]) == (403, "beyond_own_permissions")
        assert Session.objects.get(id=session.id).ended_at is None

    def test_are_none_of_a_clerks_business(self, member, session_of, client_of):
        session, client = session_of(member()), client_of(member("clerk"))
        path = f"/api/v1/users/{session.user_id}/sessions"

        assert {client.get(path).status_code, client.delete(path).status_code} == {403}
        assert client.delete(f"{path}/{session.id}").status_code == 403

    def test_of_a_stranger_are_not_found(self, owner, other_company, member, client_of):
        with tenant(other_company.id):
            stranger = member()

        for user_id in (stranger.user_id, uuid4()):
            assert client_of(owner).get(f"/api/v1/users/{user_id}/sessions").status_code == 404
            assert client_of(owner).delete(f"/api/v1/users/{user_id}/sessions").status_code == 404


class TestMyTenants:
    def test_are_those_that_i_may_enter(self, company, other_company, member, session_of, signed_in):
        ada = member("clerk")
        with tenant(other_company.id):
            member("viewer", user=ada.user)
        closed = TenantFactory(status="suspended")
        with tenant(closed.id):
            member(user=ada.user)

        answer = rows(signed_in(session_of(ada)).get("/api/v1/me/tenants"))

        assert {(row["slug"], row["current"], tuple(row["roles"])) for row in answer} == {
            (company.slug, True, ("clerk",)),
            (other_company.slug, False, ("viewer",)),
        }

    def test_are_nothing_that_a_service_account_has(self, company, owner):
        client_id, _ = service_accounts.register_api_client(
            tenant_id=company.id, name="Web shop", roles=["owner"], actor=SYSTEM, now=timezone.now()
        )
        token = access_token(client_id, company.id, client_id=client_id)
        client = JsonClient(headers={"authorization": f"Bearer {token}"})

        assert client.get("/api/v1/me/tenants").json()["code"] == "not_a_person"
