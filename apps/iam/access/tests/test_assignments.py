"""Assignments that end by themselves, hold for one object, or belong to a group or service account."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
import time_machine
from django.conf import settings
from django.utils import timezone

from apps.core.auth import Resource
from apps.core.db.ids import uuid7
from apps.core.history import SYSTEM
from apps.core.tenancy import no_tenant, tenant
from apps.iam.access import commands
from apps.iam.access.errors import SubjectNotFound
from apps.iam.access.tasks import end_expired
from apps.iam.facade import iam
from apps.iam.groups import queries as groups
from apps.iam.groups.tests.factories import GroupFactory
from apps.iam.roles import assignments
from apps.iam.roles import commands as roles
from apps.iam.roles.errors import AssignmentNotFound, BeyondOwnPermissions, InvalidAssignment, UnknownRole
from apps.iam.roles.events import RoleAssigned, RoleAssignmentEnded
from apps.iam.roles.tests.factories import RoleAssignmentFactory, RoleFactory
from apps.iam.service_accounts import commands as service_accounts
from apps.iam.users import queries as users
from apps.iam.users.errors import LastOwner

pytestmark = pytest.mark.django_db


def grant(kind, id_, role, actor=SYSTEM, now=None, **limits):
    return commands.grant_role(
        holder_kind=kind, holder_id=id_, role=role, actor=actor, now=now or timezone.now(), **limits
    )


def end(assignment, actor=SYSTEM):
    commands.end_assignment(assignment_id=assignment.id, actor=actor, now=timezone.now())


def principal_of(membership, company):
    claims = {"sub": str(membership.user_id), "client_id": settings.OIDC_RP_CLIENT_ID, "tenant": str(company.id)}
    with no_tenant():
        return iam.principal(claims=claims)


class TestGrantRole:
    def test_tells_of_it_and_moves_the_member_on(self, owner, member, published):
        ada = member("viewer")

        given = grant("user", ada.user_id, "manager")

        assert published == [
            RoleAssigned(
                role_assignment_id=given.id,
                holder_id=ada.user_id,
                holder_kind="user",
                role="manager",
                resource_type="",
                resource_id=None,
                expires_at=None,
            )
        ]
        assert users.member(ada.user_id).version == ada.version + 1

    def test_changes_nothing_when_repeated_and_the_end_when_that_is_another(self, owner, member, published):
        ada, until = member(), timezone.now() + timedelta(days=1)

        first = grant("user", ada.user_id, "manager", expires_at=until)
        again = grant("user", ada.user_id, "manager", expires_at=until)
        longer = grant("user", ada.user_id, "manager")

        assert first.id == again.id == longer.id
        assert longer.expires_at is None
        assert [type(event) for event in published].count(RoleAssigned) == 2

    def test_keeps_everywhere_and_one_object_apart(self, owner, member, company):
        ada, one = member("viewer"), GroupFactory()
        for_one = grant("user", ada.user_id, "manager", resource_type="group", resource_id=one.id)
        grant("user", ada.user_id, "clerk")

        who = principal_of(ada, company)
        assert who.may("groups.manage", Resource("group", one.id))
        assert not who.may("groups.manage", Resource("group", uuid7()))
        assert not who.may("groups.manage")
        assert who.roles == ("clerk", "viewer")
        assert for_one.scope == f"group:{one.id}"

    def test_refuses_what_makes_no_sense(self, owner, member, company):
        ada = member()
        with pytest.raises(UnknownRole):
            grant("user", ada.user_id, "emperor")
        for limits in (
            {"expires_at": timezone.now()},
            {"resource_type": "planet", "resource_id": uuid7()},
            {"resource_type": "group"},
            {"resource_type": "group", "resource_id": uuid7()},
            {"resource_id": uuid7()},
        ):
            with pytest.raises(InvalidAssignment):
                grant("user", ada.user_id, "clerk", **limits)
        for kind in ("user", "service", "group"):
            with pytest.raises(SubjectNotFound):
                grant(kind, uuid7(), "clerk")

    def test_refuses_the_holders_and_objects_of_another_company(self, owner, member, other_company):
        with tenant(other_company.id):
            stranger, group = member(), GroupFactory()

        with pytest.raises(SubjectNotFound):
            grant("user", stranger.user_id, "clerk")
        with pytest.raises(SubjectNotFound):
            grant("group", group.id, "clerk")
        with pytest.raises(InvalidAssignment):
            grant("user", member().user_id, "clerk", resource_type="group", resource_id=group.id)

    def test_refuses_more_than_the_actor_holds_everywhere(self, owner, member, actor_of):
        clerk = member("clerk")
        RoleAssignmentFactory(holder_id=clerk.user_id, role_code="manager", resource_type="group", resource_id=uuid7())

        with pytest.raises(BeyondOwnPermissions):
            grant("user", member().user_id, "manager", actor=actor_of(clerk))

    def test_makes_nobody_an_owner(self, owner, member):
        """That takes two people, and all of a person's roles are changed at once for it."""
        group = GroupFactory()
        for kind, id_ in (("user", member().user_id), ("group", group.id)):
            for limits in ({}, {"expires_at": timezone.now() + timedelta(days=1)}):
                with pytest.raises(InvalidAssignment, match="two people"):
                    grant(kind, id_, "owner", **limits)

    def test_is_for_service_accounts_and_groups_too(self, company, published):
        client_id, _ = service_accounts.register_api_client(
            tenant_id=company.id, name="Robot", roles=[], actor=SYSTEM, now=timezone.now()
        )
        group = GroupFactory()

        grant("service", UUID(client_id), "clerk")
        grant("group", group.id, "clerk")

        assert groups.group(group.id).role_codes == ["clerk"]
        assert groups.group(group.id).version == 2
        assert [e.holder_kind for e in published if isinstance(e, RoleAssigned)] == ["service", "group"]


class TestEndAssignment:
    def test_tells_of_it_once(self, owner, member, published):
        given = grant("user", member().user_id, "manager")
        end(given)
        end(given)

        ended = [event for event in published if isinstance(event, RoleAssignmentEnded)]
        assert [(event.role_assignment_id, event.cause) for event in ended] == [(given.id, "revoked")]
        assert assignments.assignment(given.id).state(timezone.now()) == "ended"

    def test_keeps_the_last_owner(self, owner):
        (given,) = assignments.assignments(holder_id=owner.user_id, role="owner")

        with pytest.raises(LastOwner):
            end(given)

    def test_refuses(self, owner, member, actor_of, other_company):
        RoleFactory(code="treasurer", permissions=["roles.assign_owner"])
        given = grant("user", member().user_id, "treasurer")
        with pytest.raises(BeyondOwnPermissions):
            end(given, actor_of(member("manager")))
        with tenant(other_company.id), pytest.raises(AssignmentNotFound):
            end(given)


class TestExpiry:
    def test_takes_effect_at_the_moment_and_not_with_the_sweep(self, owner, member, company):
        ada, until = member("viewer"), timezone.now() + timedelta(minutes=5)
        grant("user", ada.user_id, "manager", expires_at=until)
        before = principal_of(ada, company)
        assert before.may("users.view")

        with time_machine.travel(until, tick=False):
            assert not before.may("users.view"), "even for a principal that is older"
            after = principal_of(ada, company)
            assert "users.view" not in after.permissions
            assert after.roles == ("viewer",)
            assert users.member(ada.user_id).role_codes == ["viewer"]

    def test_is_told_once_by_the_sweep(self, owner, member, company, published):
        ada, until = member("viewer"), timezone.now() + timedelta(minutes=5)
        given = grant("user", ada.user_id, "manager", expires_at=until)
        lasting = grant("user", ada.user_id, "clerk")

        with time_machine.travel(until, tick=False), no_tenant():
            end_expired()
            end_expired()

        ended = [event for event in published if isinstance(event, RoleAssignmentEnded)]
        assert [(event.role_assignment_id, event.cause) for event in ended] == [(given.id, "expired")]
        with time_machine.travel(until, tick=False):
            assert assignments.assignment(given.id).state(timezone.now()) == "expired"
            assert assignments.assignment(lasting.id).state(timezone.now()) == "active"

    def test_makes_room_for_a_new_one(self, owner, member):
        ada = member()
        past = RoleAssignmentFactory(holder_id=ada.user_id, role_code="manager", expires_at=timezone.now())

        given = grant("user", ada.user_id, "manager")
        roles.assign_roles(holder_id=ada.user_id, roles=["manager", "clerk"], actor=SYSTEM, now=timezone.now())

        assert given.id != past.id
        assert assignments.assignment(past.id).state(timezone.now()) == "expired"

    def test_of_an_exact_set_of_roles_counts_for_nothing(self, owner, member):
        ada = member()
        RoleAssignmentFactory(holder_id=ada.user_id, role_code="manager", expires_at=timezone.now())

        change = roles.assign_roles(holder_id=ada.user_id, roles=["manager"], actor=SYSTEM, now=timezone.now())

        assert (change.before, change.after) == ({"clerk"}, {"manager"})
        assert users.member(ada.user_id).role_codes == ["manager"]

    def test_of_many_is_swept_in_bulk(self, company, monkeypatch):
        monkeypatch.setattr(commands, "_AT_ONCE", 2)
        for _ in range(5):
            RoleAssignmentFactory(holder_kind="group", expires_at=timezone.now())

        assert commands.end_expired(now=timezone.now()) == 5
        assert commands.end_expired(now=timezone.now()) == 0


class TestList:
    def test_is_narrowed_by_holder_role_object_and_state(self, company):
        now = timezone.now()
        one = RoleAssignmentFactory(role_code="clerk")
        past = RoleAssignmentFactory(role_code="clerk", expires_at=now)
        scoped = RoleAssignmentFactory(role_code="viewer", resource_type="order", resource_id=uuid7())

        def found(**wish):
            return {row.id for row in assignments.assignments(**wish)}

        assert found() == {one.id, scoped.id}
        assert found(role="clerk") == {one.id}
        assert found(holder_id=scoped.holder_id, holder_kind="user") == {scoped.id}
        assert found(resource_type="order", resource_id=scoped.resource_id) == {scoped.id}
        assert found(state="expired") == {past.id}
        roles.end_assignment(assignment_id=one.id, actor=SYSTEM, now=timezone.now())
        roles.expire_assignment(assignment_id=past.id, now=timezone.now())
        assert found(state="ended") == {one.id}
        assert found(state="expired") == {past.id}
