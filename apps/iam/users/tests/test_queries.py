"""Finding people."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.core.history import SYSTEM
from apps.core.tenancy import no_tenant, person, tenant
from apps.iam.roles import queries as roles
from apps.iam.users import commands, queries
from apps.iam.users.models import Membership
from apps.iam.users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def found(**wishes):
    return [membership.name for membership in queries.members(**wishes)]


@pytest.fixture
def staff(company, member):
    member("owner", name="Olive Hart", user=UserFactory(email="olive@acme.example"))
    member("clerk", name="Zoë Blum", user=UserFactory(email="ZOE@acme.example"))
    member("clerk", "viewer", name="Ada King", user=UserFactory(email="ada@acme.example"), status="suspended")
    gone = member("manager", name="Gus Grey", user=UserFactory(email="gus@acme.example"))
    commands.delete_member(user_id=gone.user_id, actor=SYSTEM, now=timezone.now())


class TestMembers:
    @pytest.mark.parametrize(
        ("wishes", "names"),
        [
            ({}, ["Ada King", "Olive Hart", "Zoë Blum"]),
            ({"q": "zoë"}, ["Zoë Blum"]),
            ({"q": "ZOE@ACME"}, ["Zoë Blum"]),
            ({"q": "hart"}, ["Olive Hart"]),
            ({"q": "art"}, []),
            ({"q": "%"}, []),
            ({"role": "clerk"}, ["Ada King", "Zoë Blum"]),
            ({"role": "emperor"}, []),
            ({"state": "suspended"}, ["Ada King"]),
            ({"state": "active", "role": "clerk"}, ["Zoë Blum"]),
            ({"state": "deleted"}, ["Gus Grey"]),
        ],
    )
    def test_finds_whom_one_means(self, staff, wishes, names):
        assert found(**wishes) == names

    def test_brings_roles_and_addresses_in_one_statement(self, staff):
        with CaptureQueriesContext(connection) as captured:
            everybody = {m.user.email: m.role_codes for m in queries.members()}

        assert len(captured) == 1
        assert everybody["ada@acme.example"] == ["clerk", "viewer"]

    def test_shows_nothing_of_another_company(self, staff, other_company):
        with tenant(other_company.id):
            assert found() == found(state="deleted") == []


class TestMembershipsOfAPerson:
    def test_span_companies_and_leave_out_what_is_deleted(self, company, other_company, member):
        ada = UserFactory()
        here = member(user=ada)
        with tenant(other_company.id):
            there = member(user=ada)
            member("owner")
            commands.delete_member(user_id=ada.id, actor=SYSTEM, now=timezone.now())

        assert [m.id for m in queries.memberships_of(ada.id)] == [here.id]
        assert there.id != here.id

    def test_are_all_that_the_persons_scope_shows(self, company, member):
        ada, bob = member("clerk"), member("viewer")

        with person(ada.user_id):
            assert [m.id for m in Membership.with_deleted.all()] == [ada.id]
            assert roles.own_roles(ada.user_id) == {company.id: ["clerk"]}
            assert roles.own_roles(bob.user_id) == {}
            assert Membership.with_deleted.filter(id=ada.id).update(name="Root") == 0

    def test_are_nobodys_business_outside_any_scope(self, company, member):
        member()

        with no_tenant():
            assert not Membership.with_deleted.exists()
            assert not Membership.pgh_event_model.objects.exists()


class TestHistory:
    def test_of_memberships_stays_in_the_company(self, staff, other_company):
        assert Membership.pgh_event_model.objects.exists()

        with tenant(other_company.id):
            assert not Membership.pgh_event_model.objects.exists()
