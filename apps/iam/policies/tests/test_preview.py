"""The dry run: which recent decisions a change of policies would turn, whose, and by which policy."""

from __future__ import annotations

import pytest
from django.conf import settings as django_settings
from django.utils import timezone
from django_redis import get_redis_connection
from redis.exceptions import RedisError

from apps.core.auth import recent
from apps.core.auth.recent import recent_decisions
from apps.core.tenancy import tenant
from apps.iam.policies import preview
from apps.iam.policies.content import PolicyContent
from apps.iam.policies.tests.factories import PolicyFactory

pytestmark = pytest.mark.django_db

PREVIEW = "/api/v1/policies/preview"
NO_LISTS = 'forbid (principal in Role::"manager", action == Action::"users.view", resource);'


@pytest.fixture(autouse=True)
def _nothing_seen():
    recent.forget_seen()


@pytest.fixture
def api(owner, client_of):
    return client_of(owner)


@pytest.fixture
def ask(api):
    def outlook(path: str = PREVIEW, **body: object) -> dict:
        response = api.post(path, body)
        assert response.status_code == 200, response.content
        return response.json()["data"]

    return outlook


class TestRecentDecisions:
    def test_are_kept_with_their_circumstances_and_no_names(self, company, member, client_of):
        clerk = member("manager", name="Ada King")
        client_of(clerk).get("/api/v1/users", REMOTE_ADDR="10.1.2.3")

        (kept,) = recent_decisions(company.id)

        assert (kept.subject, kept.permission, kept.allowed) == (str(clerk.user_id), "users.view", True)
        assert (kept.address, kept.method, kept.impersonated) == ("10.1.2.3", "bearer", False)
        assert "Ada" not in str(kept)

    def test_are_kept_once_where_they_are_the_same(self, company, member, client_of):
        client = client_of(member("manager"))
        for _ in range(3):
            client.get("/api/v1/users")
        client.get("/api/v1/roles")

        assert [kept.permission for kept in recent_decisions(company.id)] == ["roles.view", "users.view"]

    def test_are_only_so_many_and_end_by_themselves(self, company, member, client_of, settings):
        settings.RECENT_DECISIONS = 2
        client = client_of(member("manager"))
        for path in ("users", "roles", "groups"):
            client.get(f"/api/v1/{path}")

        assert [kept.permission for kept in recent_decisions(company.id)] == ["groups.view", "roles.view"]
        days = get_redis_connection("default").ttl(f"decisions:{company.id}") / 86400
        assert 0 < days <= django_settings.RECENT_DECISIONS_DAYS

    def test_are_of_one_company(self, company, other_company, member, client_of):
        client_of(member("manager")).get("/api/v1/users")

        assert recent_decisions(other_company.id) == []

    def test_are_not_kept_where_that_is_switched_off(self, company, member, client_of, settings):
        settings.RECENT_DECISIONS = 0
        client_of(member("manager")).get("/api/v1/users")

        assert recent_decisions(company.id) == []

    def test_keep_nobody_from_work_while_they_cannot_be_kept(self, member, client_of, monkeypatch):
        monkeypatch.setattr(recent, "get_redis_connection", None)
        monkeypatch.setattr(recent, "_paused_until", 0.0)

        assert client_of(member("manager")).get("/api/v1/users").status_code == 200


class TestPreview:
    def test_says_who_could_not_do_what_any_more_and_why(self, ask, member, client_of):
        manager = member("manager", name="Ada King")
        client_of(manager).get("/api/v1/users", REMOTE_ADDR="192.0.2.7")
        client_of(manager).get("/api/v1/roles")
        text = 'forbid (principal in Role::"manager", action == Action::"users.view", resource)\n'
        text += 'unless { context has address && context.address.isInRange(ip("10.0.0.0/8")) };'

        found = ask(name="Office only", text=text)

        assert (found["denied"], found["allowed"], found["people"], found["looked_at"] >= 2) == (1, 0, 1, True)
        (turned,) = found["turned"]
        assert turned["subject"] == {"kind": "user", "id": str(manager.user_id), "name": "Ada King"}
        assert (turned["permission"], turned["becomes"], turned["policies"]) == (
            "users.view",
            "denied",
            ["Office only"],
        )
        assert turned["conditions"] == {"context.address": "192.0.2.7"}

    def test_saves_nothing(self, ask, member, client_of):
        client = client_of(member("manager"))
        client.get("/api/v1/users")

        ask(name="Never", text=NO_LISTS)

        assert client.get("/api/v1/users").status_code == 200

    def test_goes_by_the_hour_in_which_it_was_asked_for(self, company, member, client_of, time_machine):
        time_machine.move_to("2026-12-01T20:00:00Z", tick=False)
        client_of(member("manager")).get("/api/v1/users")
        time_machine.move_to("2026-12-02T10:00:00Z", tick=False)
        client_of(member("manager")).get("/api/v1/users")

        rule = {"permissions": ["users.view"], "when": {"outside_hours": {"from": 8, "to": 18}}}
        found = preview.of_policy(PolicyContent(name="By day", rule=rule), now=timezone.now())

        assert [turned.at.hour for turned in found.turned] == [20]

    def test_says_what_would_be_allowed_again(self, ask, member, client_of):
        policy = PolicyFactory(name="No lists", text=NO_LISTS)
        client_of(member("manager")).get("/api/v1/users")

        found = ask(f"/api/v1/policies/{policy.id}/preview", enabled=False)
        same = ask(f"/api/v1/policies/{policy.id}/preview", description="no other effect")

        assert (found["denied"], found["allowed"]) == (0, 1)
        assert (found["turned"][0]["becomes"], found["turned"][0]["policies"]) == ("allowed", ["No lists"])
        assert same["turned"] == []

    def test_turns_nothing_that_another_policy_denies_anyhow(self, ask, member, client_of):
        policy = PolicyFactory(text=NO_LISTS)
        PolicyFactory(text=NO_LISTS)
        client_of(member("manager")).get("/api/v1/users")

        assert ask(f"/api/v1/policies/{policy.id}/preview", enabled=False)["turned"] == []

    def test_says_when_it_cannot_look_back(self, ask, monkeypatch):
        def away(tenant_id):
            raise RedisError

        monkeypatch.setattr("apps.iam.policies.preview.recent_decisions", away)

        assert ask(name="x", text=NO_LISTS)["available"] is False

    def test_refuses_what_is_no_policy(self, api):
        response = api.post(PREVIEW, {"name": "x", "text": "permit (principal, action, resource);"})

        assert (response.status_code, response.json()["code"]) == (422, "invalid_policy")

    def test_of_another_companys_policy_is_not_found(self, api, other_company):
        with tenant(other_company.id):
            policy = PolicyFactory()

        assert api.post(f"/api/v1/policies/{policy.id}/preview", {}).status_code == 404
