"""A company goes: two people, a waiting time, then everything, whatever happens in between."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.core.history import Actor
from apps.core.tenancy import PLATFORM, tenant
from apps.iam.approvals import commands as approvals
from apps.iam.approvals import queries as found
from apps.iam.approvals.errors import ApprovalNeeded, ApprovalNotFound, NotInAnothersName
from apps.iam.tenants import commands, queries, tasks
from apps.iam.tenants.errors import DeletionNotPlanned
from apps.iam.tenants.events import TenantDeletionCancelled, TenantDeletionPlanned
from apps.iam.users.tests.factories import UserFactory
from tests.callers import Caller

pytestmark = pytest.mark.django_db


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def second(member, actor_of):
    return actor_of(member("owner", name="Sue Park"))


@pytest.fixture
def plan(company, by_owner, now):
    """The owner asks for it; where it takes a second person, the request."""
    facts = {"actor": by_owner, "now": now}
    return lambda: approvals.done_or_requested(lambda: commands.plan_deletion(tenant_id=company.id, **facts), **facts)


class TestPlanning:
    def test_takes_two_owners(self, plan, company, second, published, now):
        request = plan()
        assert queries.tenant_by_id(company.id).deletion_due_at is None
        assert request.summary.startswith(f"Delete {company.name} ({company.slug})")

        decided = approvals.approve(approval_id=request.id, actor=second, now=now)

        due_at = now + timedelta(days=30)
        assert (decided.status, queries.tenant_by_id(company.id).deletion_due_at) == ("executed", due_at)
        told = [one for one in published if isinstance(one, TenantDeletionPlanned)]
        assert told == [TenantDeletionPlanned(tenant_id=company.id, due_at=due_at)]

    def test_takes_two_also_where_there_is_one_owner(self, company, by_owner, now):
        with pytest.raises(ApprovalNeeded):
            commands.plan_deletion(tenant_id=company.id, actor=by_owner, now=now)

    def test_is_approved_by_nobody_in_anothers_name(self, plan, second, owner, now):
        request = plan()

        with pytest.raises(NotInAnothersName):
            approvals.approve(approval_id=request.id, actor=replace(second, impersonator_id=owner.user_id), now=now)

    def test_takes_two_of_the_platforms_staff(self, company, now):
        sam, kim = [
            Actor(kind="user", id=one.id, name=one.name) for one in UserFactory.create_batch(2, is_platform_staff=True)
        ]
        facts = {"actor": sam, "now": now}
        with tenant(PLATFORM):
            request = approvals.done_or_requested(
                lambda: commands.plan_deletion(tenant_id=company.id, **facts), **facts
            )
            decided = approvals.approve(approval_id=request.id, actor=kim, now=now)

        assert decided.status == "executed", decided.failure
        assert queries.tenant_by_id(company.id).deletion_due_at is not None

    def test_leaves_everything_working(self, plan, second, company, owner, client_of, now):
        approvals.approve(approval_id=plan().id, actor=second, now=now)

        assert client_of(owner).get("/api/v1/me").status_code == 200
        assert queries.due_for_erasure(now=now + timedelta(days=29)) == []
        assert queries.due_for_erasure(now=now + timedelta(days=30)) == [company.id]

    def test_is_called_off_by_one(self, plan, second, company, by_owner, published, now):
        approvals.approve(approval_id=plan().id, actor=second, now=now)

        commands.cancel_deletion(tenant_id=company.id, actor=by_owner)

        assert queries.due_for_erasure(now=now + timedelta(days=99)) == []
        assert [one for one in published if isinstance(one, TenantDeletionCancelled)]
        with pytest.raises(DeletionNotPlanned):
            commands.cancel_deletion(tenant_id=company.id, actor=by_owner)


class TestApi:
    def test_is_asked_for_and_approved_by_owners(self, owner, second, company, client_of, member):
        api, other = client_of(owner), client_of(member("owner"))
        path = "/api/v1/tenant/deletion"
        assert api.get(path).json()["data"] == {"due_at": None}

        asked = api.post(path, {"reason": "we close"})
        decided = other.post(asked["Location"] + "/approval")

        assert (asked.status_code, decided.json()["data"]["status"]) == (202, "executed")
        assert api.get(path).json()["data"]["due_at"] is not None
        assert api.delete(path).json()["data"] == {"due_at": None}
        assert api.delete(path).status_code == 409

    def test_is_asked_for_and_approved_by_staff(self, company):
        sam, kim = [
            Caller(one.id, PLATFORM, "", one.email).client()
            for one in UserFactory.create_batch(2, is_platform_staff=True)
        ]
        path = f"/api/v1/tenants/{company.id}/deletion"

        asked = sam.post(path, {"reason": "they never paid"})
        own = sam.post(asked["Location"] + "/approval")
        decided = kim.post(asked["Location"] + "/approval")

        assert (asked.status_code, own.json()["code"]) == (202, "not_your_own")
        assert decided.json()["data"]["status"] == "executed"
        assert kim.delete(path).json()["data"]["deletion_due_at"] is None

    def test_is_closed_to_managers_and_to_others_companies(self, owner, member, client_of, other_company):
        assert client_of(member("manager")).post("/api/v1/tenant/deletion").status_code == 403
        assert client_of(owner).post(f"/api/v1/tenants/{other_company.id}/deletion").status_code == 403

    def test_is_asked_for_in_the_console(self, browser_of, owner, second, company, now):
        browser = browser_of(owner)
        assert "Delete the company" in browser.get("/settings/").content.decode()

        asked = browser.post("/settings/deletion")
        request_id = asked["Location"].split("/")[2]
        approvals.approve(approval_id=request_id, actor=second, now=now)

        assert "This company will be deleted" in browser.get("/settings/").content.decode()
        browser.post("/settings/deletion/cancellation")
        assert queries.tenant_by_id(company.id).deletion_due_at is None


class TestKeepingHouse:
    def test_forgets_what_is_older_than_the_company_wants(self, plan, second, by_owner, now):
        request = plan()
        approvals.refuse(approval_id=request.id, actor=second, now=now - timedelta(days=400))
        open_one = plan()

        tasks.keep_house()

        with pytest.raises(ApprovalNotFound):
            found.lock_approval(request.id)
        assert found.lock_approval(open_one.id)
