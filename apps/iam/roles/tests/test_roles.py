"""What roles there are, who holds them, and what that amounts to."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.core.auth.permissions import SYSTEM_ROLES, declared_permissions
from apps.core.db.ids import uuid7
from apps.core.history import SYSTEM, Actor
from apps.core.tenancy import tenant
from apps.iam.roles import commands, queries
from apps.iam.roles.errors import BeyondOwnPermissions, BuiltInRole, InvalidRole, UnknownRole
from apps.iam.roles.models import Role, RoleAssignment
from apps.iam.roles.tests.factories import RoleAssignmentFactory, RoleFactory

pytestmark = pytest.mark.django_db


def assign(holder_id, *roles, actor=SYSTEM, **kwargs):
    return commands.assign_roles(holder_id=holder_id, roles=roles, actor=actor, now=timezone.now(), **kwargs)


def define(**content):
    return commands.define_role(now=timezone.now(), **content)


class TestAssignRoles:
    def test_gives_and_takes(self, company):
        holder = uuid7()
        assign(holder, "clerk", "viewer")

        change = assign(holder, "viewer", "manager")

        assert (change.before, change.after) == ({"clerk", "viewer"}, {"viewer", "manager"})
        assert queries.granted_to(holder).roles == ("manager", "viewer")

    def test_changes_nothing_when_repeated(self, company):
        holder = uuid7()
        assign(holder, "clerk")

        assert not assign(holder, "clerk").changed
        assert RoleAssignment.with_deleted.count() == 1

    def test_refuses_a_role_that_does_not_exist(self, company):
        with pytest.raises(UnknownRole, match="emperor"):
            assign(uuid7(), "clerk", "emperor")

    def test_refuses_the_role_of_another_company(self, company, other_company):
        with tenant(other_company.id):
            RoleFactory(code="picker")

        with pytest.raises(UnknownRole):
            assign(uuid7(), "picker")

    def test_refuses_more_than_the_actor_holds(self, company):
        clerk = uuid7()
        assign(clerk, "clerk")

        with pytest.raises(BeyondOwnPermissions):
            assign(uuid7(), "manager", actor=Actor(kind="user", id=clerk))

    def test_keeps_people_and_services_apart(self, company):
        holder = uuid7()
        assign(holder, "clerk", holder_kind="service")

        assert queries.granted_to(holder).roles == ()
        assert queries.granted_to(holder, kind="service").roles == ("clerk",)


class TestPermissionsOf:
    def test_owners_hold_every_permission(self, company):
        holder = RoleAssignmentFactory(role_code="owner").holder_id

        assert queries.permissions_of(holder) == frozenset(declared_permissions())

    def test_roles_add_up_in_one_statement(self, company):
        RoleFactory(code="auditor", permissions=["audit.view", "no.longer.declared"])
        holder = RoleAssignmentFactory(role_code="viewer").holder_id
        RoleAssignmentFactory(holder_id=holder, role_code="auditor")
        declared_permissions()

        with CaptureQueriesContext(connection) as captured:
            granted = queries.granted_to(holder)

        assert len(captured) == 1
        assert granted.roles == ("auditor", "viewer")
        assert "audit.view" in granted.permissions
        assert "no.longer.declared" not in granted.permissions
        assert "users.manage" not in granted.permissions

    def test_are_found_through_every_role_that_is_included_but_not_through_one_that_is_deleted(self, company):
        RoleFactory(code="gone", permissions=["users.view"], includes=["clerk"], deleted_at=timezone.now())
        RoleFactory(code="base", permissions=["roles.view"])
        RoleFactory(code="middle", permissions=[], includes=["base", "gone"])
        RoleFactory(code="lead", permissions=[], includes=["middle", "viewer"])
        holder = RoleAssignmentFactory(role_code="lead").holder_id

        held = queries.permissions_of(holder)

        assert {"roles.view", "orders.view"} <= held
        assert not {"users.view", "orders.place"} & held

    def test_a_role_of_the_same_name_elsewhere_adds_nothing(self, company, other_company):
        with tenant(other_company.id):
            RoleFactory(code="helper", permissions=["users.manage"])
        RoleFactory(code="helper", permissions=["users.view"])

        assert queries.permissions_of(RoleAssignmentFactory(role_code="helper").holder_id) == {"users.view"}

    def test_deleted_assignments_count_for_nothing(self, company):
        holder = RoleAssignmentFactory(role_code="owner").holder_id
        commands.end_assignments(holder_id=holder, deletion_id=uuid7(), actor=SYSTEM, now=timezone.now())

        assert queries.permissions_of(holder) == frozenset()

    def test_nobody_holds_anything_in_another_company(self, company, other_company):
        holder = RoleAssignmentFactory(role_code="owner").holder_id

        with tenant(other_company.id):
            assert queries.permissions_of(holder) == frozenset()


class TestMatrix:
    def test_shows_built_in_roles_first_then_own_ones_and_who_holds_them(self, company, other_company):
        RoleFactory(code="auditor", permissions=["audit.view"])
        RoleAssignmentFactory(role_code="clerk")
        RoleAssignmentFactory(role_code="clerk", holder_kind="service")
        with tenant(other_company.id):
            RoleAssignmentFactory(role_code="clerk")

        matrix = queries.matrix()

        assert [role.code for role in matrix.roles] == [*SYSTEM_ROLES, "auditor"]
        assert matrix.people == {"clerk": 1}
        held_by = {p.code: p.held_by for group in matrix.groups for p in group.permissions}
        assert held_by["audit.view"] == ["owner", "manager", "auditor"]
        assert held_by["roles.assign_owner"] == ["owner"]


class TestDefineRole:
    def test_makes_one_and_changes_it(self, company):
        define(code="picker", name="Picker", permissions=["users.view"])
        define(code="picker", name="Packer", permissions=["roles.view", "users.view"])

        role = Role.objects.in_tenant().get(code="picker")
        assert (role.name, role.permissions) == ("Packer", ["roles.view", "users.view"])

    def test_leaves_built_in_roles_alone(self, company):
        with pytest.raises(BuiltInRole):
            define(code="owner", name="Owner", permissions=[])

    @pytest.mark.parametrize(
        ("code", "name", "permissions", "field"),
        [
            ("Picker!", "Picker", [], "code"),
            ("picker", "", [], "name"),
            ("picker", "Picker", ["sky.fly"], "permissions"),
        ],
    )
    def test_refuses_what_is_not_well_formed(self, company, code, name, permissions, field):
        with pytest.raises(InvalidRole) as refusal:
            define(code=code, name=name, permissions=permissions)

        assert list(refusal.value.errors) == [field]

    def test_lets_two_companies_use_one_code(self, company, other_company):
        define(code="picker", name="Picker", permissions=[])

        with tenant(other_company.id):
            assert define(code="picker", name="Picker", permissions=[]).tenant_id == other_company.id

    def test_is_reached_from_the_command_line(self, company, capsys):
        call_command(
            "define_role", "picker", "--tenant", company.slug, "--name", "Picker", "--permission", "users.view"
        )

        assert "Picker (picker) allows users.view" in capsys.readouterr().out
        with pytest.raises(CommandError, match=r"unknown: sky\.fly"):
            call_command("define_role", "x1", "--tenant", company.slug, "--name", "X", "--permission", "sky.fly")
