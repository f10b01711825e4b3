"""Approvals over REST: a change that takes a second person, from the 202 to the decision."""

from __future__ import annotations

import time

import pytest

from apps.core.db.ids import uuid7
from apps.core.tenancy import tenant
from apps.iam.approvals.models import ApprovalRequest
from apps.iam.roles import queries as roles
from tests.callers import Caller

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(owner, client_of):
    return client_of(owner)


@pytest.fixture
def second(member):
    return member("owner", name="Sue Park")


@pytest.fixture
def waiting(api, second, member):
    """The request of the owner to make a clerk an owner, as the API answered it."""
    clerk = member("clerk", name="Zoë Blum")
    response = api.put(f"/api/v1/users/{clerk.user_id}/roles", {"roles": ["owner"]}, content_type="application/json")
    assert response.status_code == 202
    return response


class TestAsking:
    def test_is_answered_with_the_requests_address(self, api, waiting):
        data = waiting.json()["data"]

        assert waiting["Location"] == f"/api/v1/approvals/{data['id']}"
        assert (data["status"], data["kind"], data["may_decide"]) == ("requested", "roles.assign_owner", False)
        assert data["summary"] == "Make Zoë Blum an owner; roles from then on: owner"
        assert not roles.is_owner(data["subject_id"])

    def test_leads_to_the_same_request_when_repeated(self, api, waiting):
        subject = waiting.json()["data"]["subject_id"]

        again = api.put(f"/api/v1/users/{subject}/roles", {"roles": ["owner"]}, content_type="application/json")

        assert again.json()["data"]["id"] == waiting.json()["data"]["id"]

    def test_is_refused_where_it_cannot_be_asked_for(self, api, second):
        response = api.post("/api/v1/users", {"email": "ada@mail.example", "name": "Ada", "roles": ["owner"]})

        assert (response.status_code, response.json()["code"]) == (409, "approval_needed")

    def test_also_for_bringing_back_an_owner(self, api, second):
        api.delete(f"/api/v1/users/{second.user_id}")

        response = api.post(f"/api/v1/users/{second.user_id}/restoration")

        assert response.status_code == 202
        assert response.json()["data"]["summary"] == "Bring back Sue Park, who was an owner"


class TestDeciding:
    def test_makes_the_change(self, waiting, second, client_of):
        subject = waiting.json()["data"]["subject_id"]

        response = client_of(second).post(waiting["Location"] + "/approval", {"reason": "welcome"})

        data = response.json()["data"]
        assert (response.status_code, data["status"], data["decided_by_name"]) == (200, "executed", "Sue Park")
        assert roles.is_owner(subject)

    def test_may_be_a_refusal(self, waiting, second, client_of):
        response = client_of(second).post(waiting["Location"] + "/refusal", {"reason": "not yet"})

        assert response.json()["data"]["status"] == "refused"
        assert not roles.is_owner(waiting.json()["data"]["subject_id"])

    def test_is_not_for_whoever_asked(self, api, waiting):
        for noun in ("approval", "refusal"):
            response = api.post(f"{waiting['Location']}/{noun}")
            assert (response.status_code, response.json()["code"]) == (403, "not_your_own")

    def test_takes_the_permission(self, waiting, member, client_of):
        response = client_of(member("manager")).post(waiting["Location"] + "/approval")

        assert (response.status_code, response.json()["permission"]) == (403, "approvals.decide")

    def test_takes_a_fresh_sign_in(self, waiting, second):
        stale = Caller(second.user_id, second.tenant_id, "", "").token(auth_time=int(time.time()) - 3600)

        from django.test import Client

        response = Client(headers={"authorization": f"Bearer {stale}"}).post(waiting["Location"] + "/approval")

        assert (response.status_code, response.json()["code"]) == (401, "insufficient_user_authentication")

    def test_is_not_for_programs(self, waiting, company):
        from django.test import Client
        from django.utils import timezone

        from apps.core.history import SYSTEM
        from apps.iam.service_accounts import commands as service_accounts
        from tests.callers import access_token

        client_id, _ = service_accounts.register_api_client(
            tenant_id=company.id, name="Robot", roles=["owner"], actor=SYSTEM, now=timezone.now()
        )
        token = access_token(client_id, company.id, client_id=client_id)

        response = Client(headers={"authorization": f"Bearer {token}"}).post(waiting["Location"] + "/approval")

        assert (response.status_code, response.json()["code"]) == (403, "not_a_person")


class TestSeeing:
    def test_lists_what_was_asked_for(self, api, waiting, second, client_of):
        found = client_of(second).get("/api/v1/approvals?status=requested&kind=roles.assign_owner").json()["data"]

        assert [(one["id"], one["may_decide"]) for one in found] == [(waiting.json()["data"]["id"], True)]
        assert api.get("/api/v1/approvals?status=executed").json()["data"] == []
        assert api.get("/api/v1/approvals?status=dreamt").status_code == 422

    def test_shows_one_with_its_etag(self, api, waiting):
        response = api.get(waiting["Location"])

        assert response.status_code == 200
        assert api.get(waiting["Location"], headers={"if-none-match": response["ETag"]}).status_code == 304

    def test_shows_others_only_what_they_asked_for_themselves(self, waiting, member, client_of):
        clerk = client_of(member("clerk"))

        assert clerk.get("/api/v1/approvals").json()["data"] == []
        assert clerk.get(waiting["Location"]).status_code == 404

    @pytest.mark.parametrize("noun", ["", "/approval", "/refusal", "/withdrawal"])
    def test_finds_nothing_of_another_company(self, api, waiting, other_company, member, client_of, noun):
        with tenant(other_company.id):
            stranger = client_of(member("owner"))
        method = "get" if not noun else "post"

        for path in (waiting["Location"], f"/api/v1/approvals/{uuid7()}"):
            response = getattr(stranger, method)(path + noun)
            assert (response.status_code, response.json()["code"]) == (404, "approval_not_found")


class TestWithdrawing:
    def test_is_for_whoever_asked(self, api, waiting, second, client_of):
        assert client_of(second).post(waiting["Location"] + "/withdrawal").json()["code"] == "only_your_own"

        assert api.post(waiting["Location"] + "/withdrawal").json()["data"]["status"] == "withdrawn"
        assert ApprovalRequest.objects.get().status == "withdrawn"
