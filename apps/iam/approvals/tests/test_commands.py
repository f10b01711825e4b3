"""Four eyes: what is asked for by one person happens when another one approves, once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.core import management
from django.db import IntegrityError, connections

from apps.core.auth import MissingPermission
from apps.core.db.ids import uuid7
from apps.core.errors import DomainError
from apps.core.history import SYSTEM, Actor
from apps.core.mail.models import OutgoingMessage
from apps.core.tenancy import PLATFORM, tenant
from apps.iam.approvals import commands, gate, queries, tasks
from apps.iam.approvals.commands.asking import NobodyAsked
from apps.iam.approvals.errors import (
    AlreadyDecided,
    ApprovalExpired,
    ApprovalNeeded,
    ApprovalNotFound,
    CannotSignIn,
    NotInAnothersName,
    NotYourOwn,
    OnlyYourOwn,
    PeopleOnly,
    TenantNotActive,
)
from apps.iam.approvals.models import ApprovalRequest
from apps.iam.approvals.tests.conftest import Refused
from apps.iam.audit.events import SecurityEventRecorded
from apps.iam.tenants import commands as tenants
from apps.iam.users import commands as users
from apps.iam.users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager(owner, member, actor_of):
    """Somebody who may ask, and may not decide."""
    return actor_of(member("manager", name="Max Reed"))


@pytest.fixture
def second(member, actor_of):
    """A second owner."""
    return actor_of(member("owner", name="Sue Park"))


@pytest.fixture
def post(settings):
    """Mail is kept in the outbox: `post("template")` is what was written."""
    settings.EMAIL_URL = "outbox:"
    return lambda template: list(OutgoingMessage.objects.using("default").filter(template=template))


def told(published):
    return [
        (one.kind, one.outcome, one.details.get("decision", ""))
        for one in published
        if isinstance(one, SecurityEventRecorded)
    ]


class TestAsking:
    def test_keeps_the_change_in_words_and_tells_the_log(self, ask, manager, published, now):
        request = ask(manager)

        assert (request.status, request.summary, request.reason) == ("requested", "launch rocket", "because")
        assert request.expires_at == now + timedelta(days=7)
        assert told(published) == [("approval.requested", "success", "")]

    def test_asks_once_for_the_same_change(self, ask, manager, second, published):
        first = ask(manager)

        assert ask(manager).id == ask(second).id == first.id
        assert len(told(published)) == 1
        assert ask(manager, "satellite").id != first.id

    def test_may_ask_again_after_an_answer(self, ask, manager, by_owner, now):
        first = ask(manager)
        commands.refuse(approval_id=first.id, actor=by_owner, now=now)

        assert ask(manager).id != first.id

    def test_writes_to_those_who_could_decide(self, ask, manager, by_owner, second, post):
        ask(manager)

        rows = post("approval_requested")
        assert {row.person_id for row in rows} == {by_owner.id, second.id}
        assert "launch rocket" in rows[0].subject

    def test_is_not_for_the_system(self, ask):
        with pytest.raises(NobodyAsked):
            commands.request_approval(
                ask=gate.Ask("tests.launch", uuid7(), {"what": "x"}), reason="", actor=SYSTEM, now=None
            )


class TestApproving:
    def test_makes_the_change_in_the_name_of_whoever_asked(self, ask, manager, by_owner, launches, published, now):
        request = ask(manager)

        decided = commands.approve(approval_id=request.id, actor=by_owner, now=now, reason="go")

        assert (decided.status, decided.decided_by, decided.decision_reason) == ("executed", by_owner.id, "go")
        assert [(change.actor.id, change.approved_by) for change in launches.made] == [(manager.id, by_owner.id)]
        assert told(published)[1:] == [("approval.decided", "success", "approved")]

    def test_writes_to_whoever_asked(self, ask, manager, by_owner, post, now):
        commands.approve(approval_id=ask(manager).id, actor=by_owner, now=now)

        (row,) = post("approval_decided")
        assert (row.person_id, row.subject) == (manager.id, "What you asked for was executed: launch rocket")

    def test_is_refused_a_second_time(self, ask, manager, by_owner, second, launches, now):
        request = ask(manager)
        commands.approve(approval_id=request.id, actor=by_owner, now=now)

        for actor in (by_owner, second):
            with pytest.raises(AlreadyDecided):
                commands.approve(approval_id=request.id, actor=actor, now=now)
        assert len(launches.made) == 1

    def test_is_never_for_whoever_asked(self, ask, by_owner, second, launches, now):
        request = ask(by_owner)

        with pytest.raises(NotYourOwn):
            commands.approve(approval_id=request.id, actor=by_owner, now=now)
        assert launches.made == []

    def test_is_never_for_whoever_asked_in_anothers_name(self, ask, manager, by_owner, second, launches, now):
        request = ask(replace(manager, impersonator_id=second.id, impersonator_name=second.name))

        with pytest.raises(NotYourOwn):
            commands.approve(approval_id=request.id, actor=second, now=now)
        assert launches.made == []

    def test_is_never_done_in_anothers_name(self, ask, manager, by_owner, launches, now):
        request = ask(manager)

        with pytest.raises(NotInAnothersName):
            commands.approve(approval_id=request.id, actor=replace(by_owner, impersonator_id=manager.id), now=now)
        assert launches.made == []

    def test_is_for_people_only(self, ask, manager, now):
        request = ask(manager)

        for actor in (SYSTEM, Actor(kind="service", id=uuid7())):
            with pytest.raises(PeopleOnly):
                commands.approve(approval_id=request.id, actor=actor, now=now)

    def test_takes_the_permission_at_that_moment(self, ask, manager, second, by_owner, member, actor_of, now):
        request = ask(manager)
        other_manager = actor_of(member("manager"))
        users.change_roles(user_id=second.id, roles_held=["manager"], actor=by_owner, now=now)

        for actor in (other_manager, second):
            with pytest.raises(MissingPermission):
                commands.approve(approval_id=request.id, actor=actor, now=now)

    def test_takes_somebody_who_can_sign_in(self, ask, manager, second, by_owner, now):
        request = ask(manager)
        users.update_member(user_id=second.id, suspended=True, actor=by_owner)

        with pytest.raises(CannotSignIn):
            commands.approve(approval_id=request.id, actor=second, now=now)

    def test_waits_while_the_company_is_suspended(self, ask, manager, by_owner, company, launches, now):
        request = ask(manager)
        tenants.suspend_tenant(tenant_id=company.id)

        with pytest.raises(TenantNotActive):
            commands.approve(approval_id=request.id, actor=by_owner, now=now)
        tenants.reinstate_tenant(tenant_id=company.id)
        assert commands.approve(approval_id=request.id, actor=by_owner, now=now).status == "executed"

    def test_comes_too_late_after_a_week(self, ask, manager, by_owner, launches, now):
        request = ask(manager)

        with pytest.raises(ApprovalExpired):
            commands.approve(approval_id=request.id, actor=by_owner, now=now + timedelta(days=7))
        assert launches.made == []

    def test_finds_nothing_of_another_company(self, ask, manager, other_company, by_owner, now):
        request = ask(manager)

        with tenant(other_company.id), pytest.raises(ApprovalNotFound):
            commands.approve(approval_id=request.id, actor=by_owner, now=now)

    def test_fails_when_the_command_refuses(self, ask, manager, by_owner, launches, now):
        request = ask(manager)
        launches.error = Refused("not today")

        decided = commands.approve(approval_id=request.id, actor=by_owner, now=now)

        assert (decided.status, decided.failure) == ("failed", "refused_by_test: not today")

    def test_is_undone_by_any_other_error(self, ask, manager, by_owner, launches, now):
        request = ask(manager)
        launches.error = RuntimeError("a defect")

        with pytest.raises(RuntimeError):
            commands.approve(approval_id=request.id, actor=by_owner, now=now)

        request.refresh_from_db()
        assert (request.status, request.decided_by) == ("requested", None)

    @pytest.mark.parametrize("fall", ["loses the role", "is suspended", "is deleted"])
    def test_fails_when_whoever_asked_may_no_longer(self, ask, manager, by_owner, launches, fall, now):
        request = ask(manager)
        if fall == "loses the role":
            users.change_roles(user_id=manager.id, roles_held=["viewer"], actor=by_owner, now=now)
        elif fall == "is suspended":
            users.update_member(user_id=manager.id, suspended=True, actor=by_owner)
        else:
            users.delete_member(user_id=manager.id, actor=by_owner, now=now)

        decided = commands.approve(approval_id=request.id, actor=by_owner, now=now)

        assert decided.status == "failed"
        assert launches.made == []


class TestTheDatabase:
    @pytest.mark.parametrize("column", ["requested_by", "requested_through"])
    def test_holds_that_the_two_are_different_people(self, ask, manager, second, column, now):
        request = ask(replace(manager, impersonator_id=second.id))

        with (
            pytest.raises(IntegrityError, match="approval_takes_two_people"),
            connections["default"].cursor() as cursor,
        ):
            cursor.execute(
                f"update approvals_approvalrequest set status = 'approved', decided_by = {column} where id = %s",
                [request.id],
            )

    def test_holds_that_nothing_is_carried_out_undecided(self, ask, manager, now):
        request = ask(manager)

        with (
            pytest.raises(IntegrityError, match="approval_carried_out_was_decided"),
            connections["default"].cursor() as cursor,
        ):
            cursor.execute("update approvals_approvalrequest set status = 'executed' where id = %s", [request.id])


class TestRefusingAndWithdrawing:
    def test_closes_it_without_the_change(self, ask, manager, by_owner, launches, published, now):
        request = ask(manager)

        assert commands.refuse(approval_id=request.id, actor=by_owner, now=now, reason="no").status == "refused"
        assert launches.made == []
        assert told(published)[-1] == ("approval.decided", "denied", "refused")

    def test_refusing_is_not_for_whoever_asked(self, ask, by_owner, now):
        with pytest.raises(NotYourOwn):
            commands.refuse(approval_id=ask(by_owner).id, actor=by_owner, now=now)

    def test_withdrawing_is_for_whoever_asked_only(self, ask, manager, by_owner, published, now):
        request = ask(manager)

        with pytest.raises(OnlyYourOwn):
            commands.withdraw_approval(approval_id=request.id, actor=by_owner, now=now)
        assert commands.withdraw_approval(approval_id=request.id, actor=manager, now=now).status == "withdrawn"
        assert told(published)[-1] == ("approval.decided", "failure", "withdrawn")

    def test_nothing_is_approved_once_it_is_withdrawn(self, ask, manager, by_owner, launches, now):
        request = ask(manager)
        commands.withdraw_approval(approval_id=request.id, actor=manager, now=now)

        with pytest.raises(AlreadyDecided):
            commands.approve(approval_id=request.id, actor=by_owner, now=now)
        assert launches.made == []


class TestSweep:
    def test_closes_what_nobody_decided_on(self, ask, manager, published, now):
        request = ask(manager, at=now - timedelta(days=8))
        waiting = ask(manager, "satellite")

        tasks.sweep()
        tasks.sweep()

        request.refresh_from_db()
        waiting.refresh_from_db()
        assert (request.status, waiting.status) == ("expired", "requested")
        assert [one for one in told(published) if one[0] == "approval.decided"] == [
            ("approval.decided", "failure", "expired")
        ]

    def test_makes_an_approved_change_whose_job_was_lost_once(self, ask, manager, by_owner, launches, now):
        request = ask(manager, kind="tests.job_launch")
        assert commands.approve(approval_id=request.id, actor=by_owner, now=now).status == "approved"
        assert launches.made == []

        tasks.sweep()
        tasks.carry_out(tenant_id=str(request.tenant_id), approval_id=str(request.id))

        request.refresh_from_db()
        assert request.status == "executed"
        assert len(launches.made) == 1

    def test_a_job_makes_nothing_that_was_not_approved(self, ask, manager, launches, now):
        request = ask(manager, kind="tests.job_launch")

        with pytest.raises(AlreadyDecided):
            tasks.carry_out(tenant_id=str(request.tenant_id), approval_id=str(request.id))
        assert launches.made == []


class TestForgetting:
    def test_leaves_the_open_and_the_recent_ones(self, ask, manager, by_owner, now):
        old, recent, waiting = ask(manager, "a"), ask(manager, "b"), ask(manager, "c")
        commands.refuse(approval_id=old.id, actor=by_owner, now=now - timedelta(days=2))
        commands.refuse(approval_id=recent.id, actor=by_owner, now=now)

        assert commands.forget_closed(before=now - timedelta(days=1)) == 1
        assert set(ApprovalRequest.objects.values_list("id", flat=True)) == {recent.id, waiting.id}


class TestTheGate:
    """Granting the owner's role is the change that every tenant has."""

    def test_lets_a_single_owner_go_through(self, by_owner, member, now):
        clerk = member("clerk")

        assert users.change_roles(user_id=clerk.user_id, roles_held=["owner"], actor=by_owner, now=now)

    def test_stops_one_of_two_owners(self, by_owner, second, member, now):
        clerk = member("clerk")

        with pytest.raises(ApprovalNeeded):
            users.change_roles(user_id=clerk.user_id, roles_held=["owner"], actor=by_owner, now=now)
        assert not queries.roles.is_owner(clerk.user_id)

    def test_stays_closed_after_one_owner_removed_the_other(self, by_owner, second, member, now):
        """Else whoever removes the second person needs none from then on."""
        clerk = member("clerk")
        users.delete_member(user_id=second.id, actor=by_owner, now=now)

        with pytest.raises(ApprovalNeeded):
            users.change_roles(user_id=clerk.user_id, roles_held=["owner"], actor=by_owner, now=now)
        later = now + timedelta(days=7, seconds=1)
        assert users.change_roles(user_id=clerk.user_id, roles_held=["owner"], actor=by_owner, now=later)

    def test_stays_closed_for_bringing_back_an_owner(self, by_owner, second, now):
        users.delete_member(user_id=second.id, actor=by_owner, now=now)

        with pytest.raises(ApprovalNeeded):
            users.restore_member(user_id=second.id, actor=by_owner, now=now)

    def test_stops_an_invitation_and_a_service_account_too(self, by_owner, second, company, now):
        from apps.iam.service_accounts import commands as service_accounts

        with pytest.raises(ApprovalNeeded):
            users.invite_member(email="ada@mail.example", name="Ada", roles=["owner"], actor=by_owner, now=now)
        with pytest.raises(ApprovalNeeded):
            service_accounts.create_service_account(name="Robot", roles=["owner"], actor=by_owner, now=now)

    def test_makes_a_service_account_an_owner_with_approval(self, by_owner, second, now):
        from apps.iam.service_accounts import commands as service_accounts

        robot = service_accounts.create_service_account(name="Robot", roles=["clerk"], actor=by_owner, now=now)

        request = commands.done_or_requested(
            lambda: service_accounts.change_roles(account_id=robot.id, roles_held=["owner"], actor=by_owner, now=now),
            actor=by_owner,
            now=now,
        )

        assert request.summary.startswith("Make the service account Robot an owner")
        assert commands.approve(approval_id=request.id, actor=second, now=now).status == "executed"
        assert "owner" in queries.roles.granted_to(robot.id, kind="service").roles

    def test_opens_for_exactly_what_was_approved(self, by_owner, second, member, now):
        clerk, other = member("clerk"), member("clerk")
        request = commands.done_or_requested(
            lambda: users.change_roles(user_id=clerk.user_id, roles_held=["owner"], actor=by_owner, now=now),
            actor=by_owner,
            now=now,
        )

        with gate.carrying_out(request.kind, request.payload), pytest.raises(ApprovalNeeded):
            users.change_roles(user_id=other.user_id, roles_held=["owner"], actor=by_owner, now=now)

        assert commands.approve(approval_id=request.id, actor=second, now=now).status == "executed"
        assert queries.roles.is_owner(clerk.user_id)
        assert not queries.roles.is_owner(other.user_id)

    def test_asks_nobody_on_the_operators_command_line(self, company, second, capsys):
        management.call_command("create_owner", tenant_slug=company.slug, tenant_name="X", email="new@mail.example")

        assert "is an owner" in capsys.readouterr().out


class TestThePlatformsStaff:
    def test_decide_on_what_other_staff_asked_for(self, launches, now):
        staff = [UserFactory(is_platform_staff=True) for _ in range(2)]
        ada, ben = [Actor(kind="user", id=one.id, name=one.name) for one in staff]
        outsider = UserFactory()

        with tenant(PLATFORM):
            ask = gate.Ask("tests.job_launch", ada.id, {"what": "x"})
            request = commands.request_approval(ask=ask, reason="", actor=ada, now=now)
            for wrong in (ada, Actor(kind="user", id=outsider.id)):
                with pytest.raises(DomainError):
                    commands.approve(approval_id=request.id, actor=wrong, now=now)
            commands.approve(approval_id=request.id, actor=ben, now=now)
            assert launches.made == []
        tasks.sweep()

        assert len(launches.made) == 0 or launches.made[0].approved_by == ben.id
