"""Ownership is handed out by somebody who has just signed in."""

from __future__ import annotations

import time

import pytest

from tests.callers import Caller, JsonClient

pytestmark = pytest.mark.django_db


@pytest.fixture
def tired(owner):
    """The owner, who signed in hours ago."""
    token = Caller(owner.user_id, owner.tenant_id, "", "").token(auth_time=int(time.time()) - 9000)
    return JsonClient(headers={"authorization": f"Bearer {token}"})


@pytest.fixture
def fresh(owner, client_of):
    return client_of(owner)


def put(client, path, roles):
    return client.put(path, {"roles": roles}, content_type="application/json")


class TestGrantingOwner:
    def test_to_a_member_needs_a_fresh_sign_in(self, tired, fresh, member):
        path = f"/api/v1/users/{member('clerk').user_id}/roles"

        refused, done = (put(client, path, ["clerk", "owner"]) for client in (tired, fresh))

        assert (refused.status_code, refused.json()["code"]) == (401, "insufficient_user_authentication")
        assert done.status_code == 200

    def test_by_inviting_needs_it_too(self, tired):
        invitation = {"email": "new@mail.example", "name": "New", "roles": ["owner"]}

        assert tired.post("/api/v1/users", invitation).status_code == 401
        assert tired.post("/api/v1/users", {**invitation, "roles": ["clerk"]}).status_code == 201

    def test_to_a_service_account_needs_it_too(self, tired):
        assert tired.post("/api/v1/service-accounts", {"name": "Robot", "roles": ["owner"]}).status_code == 401

    def test_that_was_granted_before_can_be_kept(self, tired, member):
        path = f"/api/v1/users/{member('owner').user_id}/roles"

        assert put(tired, path, ["owner", "clerk"]).status_code == 200

    def test_in_the_console_leads_to_sign_in_and_back(self, tired, member):
        page = f"/people/{member('clerk').user_id}/"
        headers = {"accept": "text/html", "referer": f"http://testserver{page}"}

        answer = tired.generic(
            "POST", f"{page}roles", "role=owner", "application/x-www-form-urlencoded", headers=headers
        )

        assert answer.url.startswith("/auth/login?acr_values=aal1&max_age=300&again=1&next=%2Fpeople%2F")
