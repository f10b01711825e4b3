"""Groups: making, changing, deleting and restoring them, who belongs to them, and what that amounts to."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.utils import timezone

from apps.core.db.ids import uuid7
from apps.core.errors import PreconditionFailed
from apps.core.history import SYSTEM
from apps.core.tenancy import tenant
from apps.iam.groups import commands, queries
from apps.iam.groups.errors import GroupIsDeleted, GroupNameTaken, GroupNotFound, InvalidGroup
from apps.iam.groups.events import (
    GroupCreated,
    GroupDeleted,
    GroupMembersAdded,
    GroupMembersRemoved,
    GroupRestored,
    GroupUpdated,
)
from apps.iam.groups.tests.factories import GroupMemberFactory
from apps.iam.roles import queries as roles
from apps.iam.roles.errors import BeyondOwnPermissions, InvalidAssignment, UnknownRole
from apps.iam.roles.tests.factories import RoleFactory
from apps.iam.service_accounts import commands as service_accounts
from apps.iam.users import commands as users

pytestmark = pytest.mark.django_db


def create(name="Finance", actor=SYSTEM, **fields):
    return commands.create_group(name=name, actor=actor, **fields)


def change_roles(group, *codes, actor=SYSTEM, **kwargs):
    return commands.change_roles(group_id=group.id, roles_held=codes, actor=actor, now=timezone.now(), **kwargs)


def add(group, *memberships, actor=SYSTEM, **kwargs):
    ids = [membership.user_id for membership in memberships]
    return commands.add_members(group_id=group.id, user_ids=ids, actor=actor, now=timezone.now(), **kwargs)


def remove(group, *memberships, actor=SYSTEM):
    ids = [membership.user_id for membership in memberships]
    return commands.remove_members(group_id=group.id, user_ids=ids, actor=actor, now=timezone.now())


def replace(group, *memberships, **kwargs):
    ids = [membership.user_id for membership in memberships]
    return commands.replace_members(group_id=group.id, user_ids=ids, actor=SYSTEM, now=timezone.now(), **kwargs)


def delete(group, actor=SYSTEM, **kwargs):
    return commands.delete_group(group_id=group.id, actor=actor, now=timezone.now(), **kwargs)


def restore(group, actor=SYSTEM):
    return commands.restore_group(group_id=group.id, actor=actor, now=timezone.now())


def members_of(group):
    return [member.name for member in queries.members(group.id)]


@pytest.fixture
def group(company):
    return create()


class TestCreateGroup:
    def test_tells_of_it_once(self, company, published):
        group = create("  Finance  team ", external_id="okta-1", description="Accounting")

        assert (group.name, group.member_count, group.role_codes) == ("Finance team", 0, [])
        assert published == [GroupCreated(group_id=group.id, name="Finance team", external_id="okta-1")]

    def test_is_the_same_group_when_its_provisioner_repeats_itself(self, company, published):
        assert create(external_id="okta-1").id == create(external_id="okta-1").id
        assert len(published) == 1

    def test_refuses_a_name_that_is_taken_however_it_is_written(self, group):
        with pytest.raises(GroupNameTaken):
            create("FINANCE")

    def test_refuses_an_external_id_that_is_taken(self, company):
        create("One", external_id="okta-1")

        with pytest.raises(GroupNameTaken):
            create("Other", external_id="okta-1")

    @pytest.mark.parametrize("fields", [{"name": " "}, {"description": "x" * 501}, {"external_id": "x" * 256}])
    def test_refuses_what_is_not_well_formed(self, company, fields):
        with pytest.raises(InvalidGroup) as refusal:
            create(**fields)

        assert list(refusal.value.errors) == list(fields)

    def test_lets_two_companies_use_one_name(self, group, other_company):
        with tenant(other_company.id):
            assert create().id != group.id


class TestUpdateGroup:
    def test_changes_what_is_said_and_leaves_the_rest(self, group, published):
        updated = commands.update_group(group_id=group.id, name="Money", actor=SYSTEM)
        commands.update_group(group_id=group.id, name="Money", actor=SYSTEM)

        assert (updated.name, updated.version) == ("Money", 2)
        assert published == [GroupUpdated(group_id=group.id, name="Money", external_id="")]

    def test_refuses(self, group, other_company):
        create("Sales")
        with pytest.raises(GroupNameTaken):
            commands.update_group(group_id=group.id, name="Sales", actor=SYSTEM)
        with pytest.raises(PreconditionFailed):
            commands.update_group(group_id=group.id, name="X", actor=SYSTEM, expected_version=9)
        with tenant(other_company.id), pytest.raises(GroupNotFound):
            commands.update_group(group_id=group.id, name="X", actor=SYSTEM)
        delete(group)
        with pytest.raises(GroupIsDeleted):
            commands.update_group(group_id=group.id, name="X", actor=SYSTEM)


class TestMembers:
    def test_hold_the_roles_of_the_group(self, group, member, owner):
        ada = member("viewer")
        change_roles(group, "manager")
        assert "users.view" not in roles.permissions_of(ada.user_id)

        add(group, ada)

        granted = roles.granted_to(ada.user_id)
        assert granted.roles == ("manager", "viewer")
        assert {g.role: g.group_id for g in granted.holdings.grants} == {"viewer": None, "manager": group.id}

    def test_are_people_and_service_accounts(self, group, member, company):
        client_id, _ = service_accounts.register_api_client(
            tenant_id=company.id, name="Robot", roles=[], actor=SYSTEM, now=timezone.now()
        )
        change_roles(group, "clerk")

        commands.add_members(
            group_id=group.id,
            user_ids=[member(name="Ada").user_id],
            service_ids=[UUID(client_id)],
            actor=SYSTEM,
            now=timezone.now(),
        )

        assert sorted(members_of(group)) == ["Ada", "Robot"]
        assert "orders.place" in roles.permissions_of(UUID(client_id), kind="service")

    def test_come_and_go_once_however_often_it_is_said(self, group, member, published):
        ada, ben = member(name="Ada"), member(name="Ben")

        add(group, ada, ben)
        assert add(group, ada).version == 2
        remove(group, ada)
        assert remove(group, ada).version == 3

        assert published == [
            GroupMembersAdded(group_id=group.id, user_ids=tuple(sorted([ada.user_id, ben.user_id])), service_ids=()),
            GroupMembersRemoved(group_id=group.id, user_ids=(ada.user_id,), service_ids=()),
        ]
        assert members_of(group) == ["Ben"]

    def test_are_replaced_as_a_whole(self, group, member):
        ada, ben, cy = member(name="Ada"), member(name="Ben"), member(name="Cy")
        add(group, ada, ben)

        replace(group, ben, cy)
        assert replace(group, ben, cy).version == 3

        assert sorted(members_of(group)) == ["Ben", "Cy"]
        assert queries.group(group.id).member_count == 2

    def test_are_there(self, group, other_company, member, owner):
        with tenant(other_company.id):
            stranger = member()
        gone = member()
        users.delete_member(user_id=gone.user_id, actor=SYSTEM, now=timezone.now())

        for nobody in (stranger, gone):
            with pytest.raises(InvalidGroup, match="there is no person"):
                add(group, nobody)
        with pytest.raises(InvalidGroup, match="service account"):
            commands.add_members(group_id=group.id, service_ids=[uuid7()], actor=SYSTEM, now=timezone.now())

    def test_are_not_given_what_the_actor_does_not_hold(self, group, member, owner, actor_of):
        RoleFactory(code="treasurer", permissions=["roles.assign_owner"])
        change_roles(group, "treasurer")
        manager, ada = member("manager"), member()

        with pytest.raises(BeyondOwnPermissions):
            add(group, manager, actor=actor_of(manager))
        add(group, ada)
        with pytest.raises(BeyondOwnPermissions):
            remove(group, ada, actor=actor_of(manager))

    def test_leave_with_their_membership_and_come_back_with_it(self, group, member, owner, published):
        ada = member(name="Ada")
        other = create("Other")
        add(group, ada)
        add(other, ada)
        remove(other, ada)  # left before: it must stay so

        users.delete_member(user_id=ada.user_id, actor=SYSTEM, now=timezone.now())
        assert members_of(group) == []
        users.restore_member(user_id=ada.user_id, actor=SYSTEM, now=timezone.now())

        assert (members_of(group), members_of(other)) == (["Ada"], [])
        of_group = [type(event) for event in published if getattr(event, "group_id", None) == group.id]
        assert of_group == [GroupMembersAdded, GroupMembersRemoved, GroupMembersAdded]

    def test_of_a_group_of_another_company_are_nobodys_business(self, group, other_company, member):
        with tenant(other_company.id), pytest.raises(GroupNotFound):
            add(group, member())

    def test_refuse_an_older_version(self, group, member):
        with pytest.raises(PreconditionFailed):
            add(group, member(), expected_version=9)


class TestRoles:
    def test_are_exactly_the_given_ones(self, group, published):
        change_roles(group, "clerk", "viewer")

        changed = change_roles(group, "viewer")
        assert [event.roles for event in published] == [("clerk", "viewer"), ("viewer",)]

        assert (changed.role_codes, changed.version) == (["viewer"], 3)
        assert change_roles(group, "viewer").version == 3

    def test_are_there_and_within_what_the_actor_holds(self, group, member, owner, actor_of):
        with pytest.raises(UnknownRole):
            change_roles(group, "emperor")
        RoleFactory(code="treasurer", permissions=["roles.assign_owner"])
        with pytest.raises(BeyondOwnPermissions):
            change_roles(group, "treasurer", actor=actor_of(member("manager")))

    def test_are_never_that_of_owners(self, group):
        """That takes two people, for each person."""
        with pytest.raises(InvalidAssignment, match="to each person"):
            change_roles(group, "owner")


class TestDeleteGroup:
    def test_takes_what_its_members_held_and_gives_it_back(self, group, member, owner, published):
        ada = member("viewer")
        add(group, ada)
        change_roles(group, "manager")

        delete(group)
        delete(group)
        assert roles.granted_to(ada.user_id).roles == ("viewer",)
        assert [g.id for g in queries.groups(state="deleted")] == [group.id]
        restore(group)
        restored = restore(group)

        assert roles.granted_to(ada.user_id).roles == ("manager", "viewer")
        assert (restored.member_count, restored.role_codes) == (1, ["manager"])
        assert published[-2:] == [GroupDeleted(group_id=group.id), GroupRestored(group_id=group.id)]

    def test_frees_the_name_until_it_is_taken(self, group):
        delete(group)
        create()

        with pytest.raises(GroupNameTaken):
            restore(group)

    def test_is_refused(self, group, member, owner, actor_of, other_company):
        RoleFactory(code="treasurer", permissions=["roles.assign_owner"])
        change_roles(group, "treasurer")
        with pytest.raises(BeyondOwnPermissions):
            delete(group, actor_of(member("manager")))
        with pytest.raises(PreconditionFailed):
            delete(group, expected_version=9)
        with tenant(other_company.id), pytest.raises(GroupNotFound):
            delete(group)
        delete(group)
        with pytest.raises(BeyondOwnPermissions):
            restore(group, actor_of(member("manager")))


class TestQueries:
    def test_find_by_name_member_and_external_id(self, company, member):
        finance, sales = create("Finance team"), create("Sales", external_id="x-1")
        ada = member()
        add(sales, ada)

        assert [g.id for g in queries.groups(q="team")] == [finance.id]
        assert [g.id for g in queries.groups(member=ada.user_id)] == [sales.id]
        assert [g.id for g in queries.groups(external_id="x-1")] == [sales.id]
        assert [g.name for g in queries.groups_of(ada.user_id)] == ["Sales"]

    def test_see_nothing_of_another_company(self, company, other_company):
        with tenant(other_company.id):
            GroupMemberFactory()

        assert list(queries.groups()) == []

    def test_cost_one_statement(self, group, member, django_assert_num_queries):
        add(group, member())

        with django_assert_num_queries(1):
            list(queries.groups())
        with django_assert_num_queries(1):
            list(queries.members(group.id))

    def test_tell_who_changed_what(self, group, member):
        add(group, member())

        assert {change.entity for change in queries.changes_of_group(group.id, limit=5)} == {"Group", "GroupMember"}
