"""Letting people in."""

from __future__ import annotations

import pytest
from django.utils import timezone

from apps.core.history import SYSTEM, Actor
from apps.core.tenancy import tenant
from apps.iam.roles.errors import BeyondOwnPermissions, UnknownRole
from apps.iam.roles.queries import granted_to
from apps.iam.users import commands, queries
from apps.iam.users.errors import AlreadyMember, InvalidMember, MemberNotFound, MemberWasDeleted
from apps.iam.users.events import MemberInvited
from apps.iam.users.models import Membership, User
from apps.iam.users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def invite(company, by_owner):
    def call(email="ada@mail.example", name="Ada Lovelace", roles=("clerk",), actor=by_owner):
        return commands.invite_member(email=email, name=name, roles=roles, actor=actor, now=timezone.now())

    return call


class TestInviteMember:
    def test_makes_the_person_with_a_password_that_works(self, invite):
        invitation = invite()

        user = queries.user_by_email("ADA@mail.example")
        assert user.check_password(invitation.one_time_password)
        assert invitation.membership.user_id == user.id

    def test_waits_for_the_person_with_the_given_roles(self, invite):
        membership = invite(roles=("clerk", "viewer")).membership

        assert (membership.status, membership.joined_at) == ("invited", None)
        assert granted_to(membership.user_id).roles == ("clerk", "viewer")

    def test_tells_the_others(self, invite, published):
        membership = invite(email="Ada@mail.example", roles=("viewer", "clerk")).membership

        assert published == [
            MemberInvited(
                membership_id=membership.id,
                user_id=membership.user_id,
                email="Ada@mail.example",
                name="Ada Lovelace",
                roles=("clerk", "viewer"),
            )
        ]

    def test_leaves_the_password_and_name_of_somebody_known(self, invite):
        known = UserFactory(email="ada@mail.example", name="Augusta Ada King")

        invitation = invite(email="ADA@MAIL.example", name="Ada")

        known.refresh_from_db()
        assert invitation.one_time_password is None
        assert (invitation.membership.user_id, invitation.membership.name) == (known.id, "Ada")
        assert known.name == "Augusta Ada King"

    def test_refuses_a_member_and_says_so(self, invite, published):
        invite()

        with pytest.raises(AlreadyMember):
            invite(email="ADA@mail.example")
        assert len(published) == 1

    def test_refuses_a_deleted_member_since_restoring_is_meant(self, invite, by_owner):
        user_id = invite().membership.user_id
        commands.delete_member(user_id=user_id, actor=by_owner, now=timezone.now())

        with pytest.raises(MemberWasDeleted):
            invite()

    @pytest.mark.parametrize(
        ("values", "error"),
        [
            ({"email": "nobody"}, InvalidMember),
            ({"name": " "}, InvalidMember),
            ({"roles": ()}, InvalidMember),
            ({"roles": ("emperor",)}, UnknownRole),
        ],
    )
    def test_refuses_and_leaves_nothing_behind(self, invite, values, error):
        people = User.objects.count()

        with pytest.raises(error):
            invite(**values)

        assert User.objects.count() == people
        assert Membership.objects.in_tenant().count() == 1  # the owner

    def test_refuses_roles_beyond_the_actors_own(self, invite, member, actor_of):
        with pytest.raises(BeyondOwnPermissions):
            invite(roles=("owner",), actor=actor_of(member("manager")))

    def test_lets_the_platform_give_any_role(self, invite):
        assert invite(roles=("owner",), actor=SYSTEM).membership.pk

    def test_refuses_an_actor_without_a_membership(self, invite):
        with pytest.raises(BeyondOwnPermissions):
            invite(actor=Actor(kind="user", id=UserFactory().id))

    def test_is_not_seen_by_another_company(self, invite, other_company):
        user_id = invite().membership.user_id

        with tenant(other_company.id):
            assert not queries.members().exists()
            with pytest.raises(MemberNotFound):
                queries.member(user_id)

    def test_lets_one_person_into_two_companies(self, invite, other_company):
        first = invite().membership

        with tenant(other_company.id):
            second = invite(actor=SYSTEM, roles=("viewer",)).membership

        assert second.user_id == first.user_id
        assert {m.tenant_id for m in queries.memberships_of(first.user_id)} == {first.tenant_id, second.tenant_id}
        assert granted_to(first.user_id).roles == ("clerk",)


class TestAddMember:
    def test_is_a_member_at_once(self, company):
        membership, is_new = commands.add_member(
            email="ada@mail.example",
            name="Ada",
            roles=["owner"],
            password="a long enough one",
            actor=SYSTEM,
            now=timezone.now(),
        )

        assert is_new
        assert (membership.status, membership.joined_at is not None) == ("active", True)
        assert queries.user(membership.user_id).check_password("a long enough one")
