"""Changing, deleting and restoring members."""

from __future__ import annotations

import pytest
from django.utils import timezone

from apps.core.errors import PreconditionFailed
from apps.core.history import SYSTEM
from apps.core.tenancy import tenant
from apps.iam.roles.errors import BeyondOwnPermissions, UnknownRole
from apps.iam.roles.queries import granted_to
from apps.iam.roles.tests.factories import RoleAssignmentFactory
from apps.iam.users import commands, queries
from apps.iam.users.errors import InvalidMember, LastOwner, MemberIsDeleted, MemberNotFound, NotYourself
from apps.iam.users.events import MemberDeleted, MemberRestored, MemberRolesChanged, MemberUpdated
from apps.iam.users.models import Membership

pytestmark = pytest.mark.django_db


def delete(membership, actor, **kwargs):
    return commands.delete_member(user_id=membership.user_id, actor=actor, now=timezone.now(), **kwargs)


def change_roles(membership, actor, *codes, **kwargs):
    return commands.change_roles(
        user_id=membership.user_id, roles_held=codes, actor=actor, now=timezone.now(), **kwargs
    )


def snapshot(membership):
    """Everything about a member that a deletion touches, but for the stamps that every write moves."""
    columns = [
        f.attname for f in Membership._meta.concrete_fields if f.name not in ("version", "updated_at", "updated_by")
    ]
    roles = RoleAssignmentFactory._meta.model.with_deleted.filter(holder_id=membership.user_id).order_by("id")
    return (
        Membership.with_deleted.values(*columns).get(id=membership.id),
        list(roles.values("id", "role_code", "deleted_at", "deleted_by", "deletion_id", "created_at", "created_by")),
    )


class TestDeleteMember:
    def test_takes_the_roles_along(self, member, by_owner, published):
        clerk = member("clerk", "viewer")

        delete(clerk, by_owner)

        assert queries.member(clerk.user_id).state == "deleted"
        assert granted_to(clerk.user_id).roles == ()
        assert published == [MemberDeleted(membership_id=clerk.id, user_id=clerk.user_id)]

    def test_publishes_once_however_often_it_is_called(self, member, by_owner, published):
        clerk = member()

        delete(clerk, by_owner)
        delete(clerk, by_owner)

        assert len(published) == 1

    def test_refuses_yourself(self, owner, by_owner, member):
        member("owner")

        with pytest.raises(NotYourself):
            delete(owner, by_owner)

    def test_refuses_the_last_owner(self, owner):
        with pytest.raises(LastOwner):
            delete(owner, SYSTEM)

    @pytest.mark.parametrize("other", ["suspended", "deleted", "inactive person"])
    def test_does_not_count_owners_who_cannot_sign_in(self, owner, member, other):
        second = member("owner")
        if other == "suspended":
            commands.update_member(user_id=second.user_id, suspended=True, actor=SYSTEM)
        elif other == "deleted":
            delete(second, SYSTEM)
        else:
            commands.suspend_user(user_id=second.user_id)

        with pytest.raises(LastOwner):
            delete(owner, SYSTEM)

    def test_lets_one_of_two_owners_go(self, owner, by_owner, member):
        second = member("owner")

        assert delete(second, by_owner).is_deleted

    def test_refuses_managers_who_would_delete_an_owner(self, owner, member, actor_of):
        member("owner")

        with pytest.raises(BeyondOwnPermissions):
            delete(owner, actor_of(member("manager")))

    def test_refuses_what_was_decided_on_an_older_version(self, member, by_owner):
        clerk = member()
        commands.update_member(user_id=clerk.user_id, name="Somebody else", actor=by_owner)

        with pytest.raises(PreconditionFailed):
            delete(clerk, by_owner, expected_version=1)

    def test_does_not_find_a_member_of_another_company(self, member, by_owner, other_company):
        with tenant(other_company.id):
            stranger = member()

        with pytest.raises(MemberNotFound):
            delete(stranger, by_owner)


class TestRestoreMember:
    def test_brings_everything_back_exactly(self, member, by_owner, published):
        clerk = member("clerk", "viewer")
        change_roles(clerk, by_owner, "viewer", "manager")  # clerk was taken before: it must stay away
        before = snapshot(clerk)
        delete(clerk, by_owner)

        commands.restore_member(user_id=clerk.user_id, actor=by_owner, now=timezone.now())

        assert snapshot(clerk) == before
        assert published[-1] == MemberRestored(
            membership_id=clerk.id, user_id=clerk.user_id, roles=("manager", "viewer")
        )

    def test_publishes_nothing_when_nothing_was_deleted(self, member, by_owner, published):
        commands.restore_member(user_id=member().user_id, actor=by_owner, now=timezone.now())

        assert published == []

    def test_refuses_managers_who_would_bring_back_an_owner(self, owner, member, actor_of, by_owner):
        second = member("owner")
        delete(second, by_owner)

        with pytest.raises(BeyondOwnPermissions):
            commands.restore_member(user_id=second.user_id, actor=actor_of(member("manager")), now=timezone.now())
        assert queries.member(second.user_id).is_deleted

    def test_does_not_find_a_member_of_another_company(self, member, by_owner, other_company):
        with tenant(other_company.id):
            stranger = member()
            member("owner")
            delete(stranger, SYSTEM)

        with pytest.raises(MemberNotFound):
            commands.restore_member(user_id=stranger.user_id, actor=by_owner, now=timezone.now())


class TestChangeRoles:
    def test_gives_and_takes(self, member, by_owner, published):
        clerk = member("clerk", "viewer")

        changed = change_roles(clerk, by_owner, "manager", "viewer")

        assert granted_to(clerk.user_id).roles == ("manager", "viewer")
        assert changed.version == clerk.version + 1
        assert published == [
            MemberRolesChanged(membership_id=clerk.id, user_id=clerk.user_id, roles=("manager", "viewer"))
        ]

    def test_changes_nothing_when_repeated(self, member, by_owner, published):
        clerk = member("clerk")

        same = change_roles(clerk, by_owner, "clerk")

        assert (same.version, published) == (clerk.version, [])

    def test_gives_back_a_role_that_was_taken(self, member, by_owner):
        clerk = member("clerk")
        change_roles(clerk, by_owner, "viewer")

        change_roles(clerk, by_owner, "clerk")

        assert granted_to(clerk.user_id).roles == ("clerk",)

    def test_refuses_to_leave_nobody_as_owner(self, owner, by_owner):
        with pytest.raises(LastOwner):
            change_roles(owner, by_owner, "manager")

    def test_lets_an_owner_step_down_beside_another(self, owner, by_owner, member):
        member("owner")

        change_roles(owner, by_owner, "clerk")

        assert granted_to(owner.user_id).roles == ("clerk",)

    def test_refuses_managers_who_would_become_owners(self, owner, member, actor_of):
        manager = member("manager")

        with pytest.raises(BeyondOwnPermissions) as refusal:
            change_roles(manager, actor_of(manager), "manager", "owner")
        assert granted_to(manager.user_id).roles == ("manager",)
        assert refusal.value.extra["permissions"]

    def test_refuses_managers_who_would_dethrone_an_owner(self, owner, member, actor_of):
        second = member("owner")

        with pytest.raises(BeyondOwnPermissions):
            change_roles(second, actor_of(member("manager")), "clerk")

    def test_refuses_a_role_that_does_not_exist(self, member, by_owner):
        with pytest.raises(UnknownRole):
            change_roles(member(), by_owner, "emperor")

    def test_refuses_none_at_all(self, member, by_owner):
        with pytest.raises(InvalidMember):
            change_roles(member(), by_owner)

    def test_refuses_a_deleted_member(self, member, by_owner):
        clerk = member()
        delete(clerk, by_owner)

        with pytest.raises(MemberIsDeleted):
            change_roles(clerk, by_owner, "viewer")

    def test_does_not_find_a_member_of_another_company(self, member, by_owner, other_company):
        with tenant(other_company.id):
            stranger = member()

        with pytest.raises(MemberNotFound):
            change_roles(stranger, by_owner, "viewer")


class TestUpdateMember:
    def test_renames_and_tells(self, member, by_owner, published):
        clerk = member()

        renamed = commands.update_member(user_id=clerk.user_id, name=" Zoë  Blum ", actor=by_owner)

        assert (renamed.name, renamed.name_key) == ("Zoë Blum", "zoë blum")
        assert published == [
            MemberUpdated(membership_id=clerk.id, user_id=clerk.user_id, name="Zoë Blum", status="active")
        ]

    def test_publishes_nothing_when_nothing_changes(self, member, by_owner, published):
        clerk = member()

        same = commands.update_member(user_id=clerk.user_id, name=clerk.name, suspended=False, actor=by_owner)

        assert (same.version, published) == (clerk.version, [])

    def test_suspends_and_reinstates(self, member, by_owner):
        clerk = member()

        assert commands.update_member(user_id=clerk.user_id, suspended=True, actor=by_owner).status == "suspended"
        assert commands.update_member(user_id=clerk.user_id, suspended=False, actor=by_owner).status == "active"

    def test_leaves_an_open_invitation_open(self, member, by_owner):
        invited = member(status="invited", joined_at=None)

        same = commands.update_member(user_id=invited.user_id, suspended=False, actor=by_owner)

        assert same.status == "invited"

    def test_refuses_to_suspend_yourself_or_the_last_owner(self, owner, by_owner):
        with pytest.raises(NotYourself):
            commands.update_member(user_id=owner.user_id, suspended=True, actor=by_owner)
        with pytest.raises(LastOwner):
            commands.update_member(user_id=owner.user_id, suspended=True, actor=SYSTEM)

    def test_refuses_a_deleted_member(self, member, by_owner):
        clerk = member()
        delete(clerk, by_owner)

        with pytest.raises(MemberIsDeleted):
            commands.update_member(user_id=clerk.user_id, name="Zoë", actor=by_owner)

    def test_refuses_managers_who_would_suspend_an_owner(self, owner, member, actor_of):
        member("owner")

        with pytest.raises(BeyondOwnPermissions):
            commands.update_member(user_id=owner.user_id, suspended=True, actor=actor_of(member("manager")))

    def test_does_not_find_a_member_of_another_company(self, member, by_owner, other_company):
        with tenant(other_company.id):
            stranger = member()

        with pytest.raises(MemberNotFound):
            commands.update_member(user_id=stranger.user_id, name="Mine now", actor=by_owner)
