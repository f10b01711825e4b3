"""Making, changing, deleting and restoring roles of a tenant's own, and what they inherit."""

from __future__ import annotations

import pytest
from django.utils import timezone

from apps.core.errors import PreconditionFailed
from apps.core.history import SYSTEM, Actor
from apps.core.tenancy import tenant
from apps.iam.roles import commands, preview, queries
from apps.iam.roles.content import DEEPEST, RoleContent
from apps.iam.roles.errors import (
    BeyondOwnPermissions,
    BuiltInRole,
    InheritanceTooDeep,
    InvalidRole,
    RoleCircle,
    RoleExists,
    RoleInUse,
    RoleIsDeleted,
    RoleNotFound,
    RoleWasDeleted,
)
from apps.iam.roles.events import RoleCreated, RoleDeleted, RoleRestored, RoleUpdated
from apps.iam.roles.tests.factories import RoleAssignmentFactory, RoleFactory

pytestmark = pytest.mark.django_db


def content(name="Lead", **members):
    return RoleContent(name, **{key: tuple(v) if isinstance(v, list) else v for key, v in members.items()})


def create(code, actor=SYSTEM, **members):
    return commands.create_role(code=code, content=content(**members), actor=actor, now=timezone.now())


def update(code, actor=SYSTEM, expected_version=None, **members):
    return commands.update_role(
        code=code, content=content(**members), actor=actor, now=timezone.now(), expected_version=expected_version
    )


def delete(code, actor=SYSTEM, **kwargs):
    return commands.delete_role(code=code, actor=actor, now=timezone.now(), **kwargs)


def restore(code, actor=SYSTEM):
    return commands.restore_role(code=code, actor=actor, now=timezone.now())


class TestCreateRole:
    def test_allows_what_it_holds_and_what_it_includes(self, company):
        create("base", permissions=["users.view"])
        create("lead", permissions=["roles.view"], includes=["base", "clerk"])
        holder = RoleAssignmentFactory(role_code="lead").holder_id

        held = queries.permissions_of(holder)

        assert {"users.view", "roles.view", "orders.place"} <= held
        assert "orders.cancel" not in held

    def test_tells_of_it_once(self, company, published):
        role = create("lead", permissions=["users.view", "roles.view"], includes=["clerk"])

        facts = {"code": "lead", "name": "Lead", "permissions": ("roles.view", "users.view"), "includes": ("clerk",)}
        assert published == [RoleCreated(role_id=role.id, **facts)]

    def test_refuses_a_code_that_is_taken(self, company):
        create("lead")
        with pytest.raises(RoleExists):
            create("lead")
        delete("lead")
        with pytest.raises(RoleWasDeleted):
            create("lead")
        with pytest.raises(BuiltInRole):
            create("owner")

    @pytest.mark.parametrize(
        ("code", "members", "field"),
        [
            ("Lead!", {}, "code"),
            ("matrix", {}, "code"),
            ("lead", {"name": " "}, "name"),
            ("lead", {"description": "x" * 501}, "description"),
            ("lead", {"permissions": ["sky.fly"]}, "permissions"),
            ("lead", {"includes": ["emperor"]}, "includes"),
            ("lead", {"includes": ["owner"]}, "includes"),
        ],
    )
    def test_refuses_what_is_not_well_formed(self, company, code, members, field):
        with pytest.raises(InvalidRole) as refusal:
            create(code, **members)

        assert list(refusal.value.errors) == [field]

    def test_does_not_know_the_roles_of_another_company(self, company, other_company):
        with tenant(other_company.id):
            create("base")

        with pytest.raises(InvalidRole):
            create("lead", includes=["base"])

    def test_puts_nothing_into_a_role_that_the_actor_does_not_hold(self, member, owner, actor_of):
        manager = actor_of(member("manager"))

        create("mine", manager, permissions=["users.view"], includes=["clerk"])
        with pytest.raises(BeyondOwnPermissions):
            create("more", manager, permissions=["roles.assign_owner"])
        create("treasurer", permissions=["roles.assign_owner"])
        with pytest.raises(BeyondOwnPermissions):
            create("hidden", manager, includes=["treasurer"])


class TestUpdateRole:
    def test_changes_what_every_holder_may_do(self, company):
        create("base", permissions=["users.view"])
        create("lead", includes=["base"])
        holder = RoleAssignmentFactory(role_code="lead").holder_id

        update("base", permissions=["roles.view"])

        assert queries.permissions_of(holder) == {"roles.view"}

    def test_changes_and_tells_nothing_when_repeated(self, company, published):
        create("lead", permissions=["users.view"])
        update("lead", permissions=["roles.view"])
        again = update("lead", permissions=["roles.view", "roles.view"])

        assert [type(event) for event in published] == [RoleCreated, RoleUpdated]
        assert again.version == 2

    def test_refuses_a_circle_and_names_it(self, company):
        create("aa")
        create("bb", includes=["aa"])
        create("cc", includes=["bb"])

        with pytest.raises(RoleCircle, match="aa includes cc includes bb includes aa"):
            update("aa", includes=["cc"])
        with pytest.raises(RoleCircle):
            update("aa", includes=["aa"])

    def test_refuses_inheritance_that_nobody_could_follow(self, company):
        create("r0")
        for level in range(1, DEEPEST + 1):
            create(f"r{level}", includes=[f"r{level - 1}"])

        with pytest.raises(InheritanceTooDeep):
            create("top", includes=[f"r{DEEPEST}"])
        create("bottom")
        with pytest.raises(InheritanceTooDeep):
            update("r0", includes=["bottom"])

    def test_takes_nothing_out_of_a_role_that_the_actor_does_not_hold(self, member, owner, actor_of):
        create("treasurer", permissions=["roles.assign_owner", "users.view"])

        with pytest.raises(BeyondOwnPermissions):
            update("treasurer", actor_of(member("manager")), permissions=["users.view"])

    def test_keeps_what_no_feature_declares_any_more(self, company):
        RoleFactory(code="old", name="Lead", permissions=["no.longer", "users.view"])

        assert update("old", description="x", permissions=["no.longer"]).permissions == ["no.longer"]
        delete("old")
        assert restore("old").permissions == ["no.longer"]

    def test_refuses_what_was_decided_on_an_older_version(self, company):
        create("lead")
        update("lead", description="new")

        with pytest.raises(PreconditionFailed):
            update("lead", expected_version=1)

    def test_refuses_roles_that_are_not_there(self, company):
        with pytest.raises(RoleNotFound):
            update("lead")
        create("lead")
        delete("lead")
        with pytest.raises(RoleIsDeleted):
            update("lead", description="new")


class TestDeleteRole:
    def test_takes_it_from_everybody_and_gives_it_back(self, company, published):
        role = create("lead", permissions=["users.view"])
        first, second = (RoleAssignmentFactory(role_code="lead").holder_id for _ in range(2))
        commands.assign_roles(holder_id=second, roles=[], actor=SYSTEM, now=timezone.now())  # taken before: stays away

        delete("lead")
        assert queries.permissions_of(first) == frozenset()
        assert [role.code for role in queries.deleted_roles()] == ["lead"]
        restore("lead")

        assert queries.permissions_of(first) == {"users.view"}
        assert queries.permissions_of(second) == frozenset()
        assert published[1:] == [
            RoleDeleted(role_id=role.id, code="lead"),
            RoleRestored(role_id=role.id, code="lead"),
        ]

    def test_happens_once_however_often_it_is_asked_for(self, company, published):
        create("lead")
        delete("lead")
        delete("lead")
        restore("lead")
        restore("lead")

        assert len(published) == 3

    def test_is_refused_while_others_include_it(self, company):
        create("base")
        create("lead", name="Shift lead", includes=["base"])

        with pytest.raises(RoleInUse, match="Shift lead includes"):
            delete("base")

    def test_is_refused_to_whoever_holds_less(self, member, owner, actor_of):
        create("treasurer", permissions=["roles.assign_owner"])
        manager = actor_of(member("manager"))

        with pytest.raises(BeyondOwnPermissions):
            delete("treasurer", manager)
        delete("treasurer")
        with pytest.raises(BeyondOwnPermissions):
            restore("treasurer", manager)

    def test_leaves_built_in_roles_alone(self, company):
        for command in (delete, restore, update):
            with pytest.raises(BuiltInRole):
                command("clerk")

    def test_does_not_find_the_role_of_another_company(self, company, other_company):
        with tenant(other_company.id):
            create("lead")

        for command in (delete, restore):
            with pytest.raises(RoleNotFound):
                command("lead")


class TestPreview:
    def test_counts_who_gains_and_loses_through_inheritance_and_groups(self, member, owner):
        create("base", permissions=["users.view"])
        create("lead", includes=["base"])
        ada, ben = member("base", name="Ada"), member("lead", name="Ben")
        member("base", "manager", name="Max")  # has it by another role too

        outlook = preview.of_role("base", content(permissions=["customers.view"]), now=timezone.now())

        assert (outlook.gains, outlook.loses) == ({"customers.view": 2}, {"users.view": 2})
        assert [(e.id, e.gains, e.loses) for e in outlook.affected] == [
            (ada.user_id, ("customers.view",), ("users.view",)),
            (ben.user_id, ("customers.view",), ("users.view",)),
        ]
        assert queries.permissions_of(ada.user_id) == {"users.view"}, "nothing is saved"

    def test_of_a_deletion_takes_what_it_allows(self, member, owner):
        create("base", permissions=["users.view"])
        member("base")

        assert preview.of_deletion("base", now=timezone.now()).loses == {"users.view": 1}

    def test_refuses_what_saving_would_refuse(self, company):
        create("aa")
        create("bb", includes=["aa"])

        with pytest.raises(RoleCircle):
            preview.of_role("aa", content(includes=["bb"]), now=timezone.now())
        with pytest.raises(InvalidRole):
            preview.of_role("aa", content(permissions=["sky.fly"]), now=timezone.now())

    def test_says_what_separation_of_duty_would_refuse(self, member, owner):
        RoleFactory(code="payer")
        RoleFactory(code="approver")
        member("payer", name="Ada")
        commands.create_rule(name="Four eyes", roles=("payer", "approver"), actor=SYSTEM, now=timezone.now())

        outlook = preview.of_role("payer", content(includes=["approver"]), now=timezone.now())

        assert any("Ada would hold" in refusal for refusal in outlook.refusals)


class TestActors:
    def test_of_service_accounts_are_bound_by_what_these_hold(self, company):
        service = RoleAssignmentFactory(role_code="clerk", holder_kind="service").holder_id

        with pytest.raises(BeyondOwnPermissions):
            create("lead", Actor(kind="service", id=service), permissions=["users.view"])
