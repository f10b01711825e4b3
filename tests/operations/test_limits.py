"""Companies see what they use of their limits; the platform's staff see everybody's, and change plans."""

from __future__ import annotations

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from apps.core.tenancy import PLATFORM
from apps.gateway.ratelimit import limiter as process
from apps.gateway.ratelimit.tests.standing_still import limiter_at_one_moment
from apps.iam.facade.events import SecurityEventRecorded
from apps.iam.tenants.models import Tenant
from apps.iam.users.tests.factories import UserFactory
from tests.callers import Caller, make_caller

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_process(monkeypatch):
    monkeypatch.setattr(process, "_own", [limiter_at_one_moment()])


@pytest.fixture
def staff(db):
    one = UserFactory(is_platform_staff=True, name="Sam Staff")
    return Caller(one.id, PLATFORM, "", one.email)


@pytest.fixture
def caller(tenant_id):
    return make_caller(tenant_id)


def browser(who):
    return Client(headers={"authorization": f"Bearer {who.token()}", "accept": "text/html"})


@pytest.fixture
def changed_plans(published):
    """What the security log is told of changed plans: (before, after, why, who)."""

    def found():
        events = [one.event() for one in published.envelopes() if isinstance(one.event(), SecurityEventRecorded)]
        of_plans = [one for one in events if one.details.get("change") == "plan"]
        return [(one.details["before"], one.details["after"], one.reason, one.actor_name) for one in of_plans]

    return found


def test_a_company_sees_what_it_uses(caller, settings):
    settings.RATE_LIMIT_CALLER = "100/1h"
    Tenant.objects.filter(id=caller.tenant_id).update(plan_overrides={"per_minute": 1})  # what is used stays used
    client = caller.client()
    client.get("/api/v1/me")

    found = {one["limit"]: one for one in client.get("/api/v1/limits").json()["data"]}
    page = browser(caller).get("/limits/").content.decode()

    assert set(found) == {"caller", "company", "month", "money"}
    assert {found[name]["used"] for name in ("caller", "company", "month")} == {3}  # one is held in advance
    assert (found["company"]["quota"], found["company"]["window_s"]) == (6000, 6000 * 60)
    assert found["month"]["window_s"] is None and found["month"]["ends_at"].endswith("-01T00:00:00Z")
    assert "Standard plan" in page and "10,000,000" in page


class TestStaff:
    def test_change_a_plan_from_the_next_request_on_with_a_reason(self, staff, caller, tenant_id, changed_plans):
        path, colleague = f"/api/v1/tenants/{tenant_id}/limits", caller.client()
        overrides = {"burst": 2, "per_minute": 1, "per_month": 100_000}

        wish = {"plan": "trial", "overrides": overrides, "reason": "they flood us"}
        answer = staff.client().put(path, wish, content_type="application/json").json()["data"]
        statuses = [colleague.get("/api/v1/me").status_code for _ in range(3)]

        assert answer["plan"] == {
            "plan": "trial",
            "per_minute": 1,
            "burst": 2,
            "concurrent": 4,
            "per_month": 100_000,
        }
        assert answer["overrides"] == {"burst": 2, "per_minute": 1}  # the month is as the plan has it
        assert statuses == [200, 200, 429]
        assert changed_plans() == [("standard", "trial burst 2, per_minute 1", "they flood us", "Sam Staff")]
        seen = {one["limit"]: one for one in staff.client().get(path).json()["data"]["limits"]}
        assert seen["company"]["refused"] >= 1

    def test_do_so_on_the_page(self, staff, caller, tenant_id):
        page, path = browser(staff), f"/limits/companies/{tenant_id}/"

        assert page.post(path, {"plan": "trial"}).status_code == 422
        refused = page.post(path, {"plan": "trial", "burst": "0", "reason": "x"})
        done = page.post(path, {"plan": "trial", "burst": "40", "reason": "a pilot"})

        assert (refused.status_code, "1 to 1000000" in refused.content.decode()) == (422, True)
        assert "from its next request on" in next(str(one) for one in get_messages(done.wsgi_request))
        company = Tenant.objects.get(id=tenant_id)
        assert (company.plan, company.plan_overrides) == ("trial", {"burst": 40})
        assert "Trial plan" in page.get(path).content.decode()
        assert "with own limits" in page.get(f"/limits/companies/?after={company.slug[:-1]}").content.decode()

    def test_are_told_what_is_wrong(self, staff, caller, tenant_id):
        client, path = staff.client(), f"/api/v1/tenants/{tenant_id}/limits"

        def put(**wish):
            return client.put(path, wish, content_type="application/json").json()

        assert "there are trial, standard" in put(plan="gold", reason="x")["detail"]
        assert "there is no such limit" in put(plan="trial", overrides={"speed": 1}, reason="x")["detail"]
        assert put(plan="trial")["status"] == 422
        assert client.get(f"/api/v1/tenants/{staff.user_id}/limits").status_code == 404

    def test_see_that_it_is_not_known_what_is_used_while_redis_is_away(self, staff, caller, tenant_id, settings):
        limits = {**settings.CACHES["limits"], "LOCATION": "redis://127.0.0.1:1/0"}
        settings.CACHES = {**settings.CACHES, "limits": limits}

        found = staff.client().get(f"/api/v1/tenants/{tenant_id}/limits").json()["data"]["limits"]

        assert [one["used"] for one in found] == [None, None]
        assert "not known" in browser(staff).get(f"/limits/companies/{tenant_id}/").content.decode()


def test_a_repeated_change_is_none(staff, caller, tenant_id, changed_plans):
    path, wish = f"/api/v1/tenants/{tenant_id}/limits", {"plan": "enterprise", "reason": "a contract"}
    for _ in range(2):
        assert staff.client().put(path, wish, content_type="application/json").status_code == 200

    assert len(changed_plans()) == 1
