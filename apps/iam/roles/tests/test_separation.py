"""Separation of duty: two roles that nobody comes to hold together, by whatever way."""

from __future__ import annotations

import pytest
from django.utils import timezone

from apps.core.db.ids import uuid7
from apps.core.history import SYSTEM
from apps.core.tenancy import tenant
from apps.iam.access import commands as access
from apps.iam.groups import commands as groups
from apps.iam.roles import commands, queries, separation
from apps.iam.roles.content import RoleContent
from apps.iam.roles.errors import InvalidRule, RuleExists, RuleNotFound, SeparationOfDutyViolated, UnknownRole
from apps.iam.roles.events import SeparationRuleCreated, SeparationRuleDeleted
from apps.iam.roles.tests.factories import RoleAssignmentFactory, RoleFactory
from apps.iam.users import commands as users

pytestmark = pytest.mark.django_db


@pytest.fixture
def duties(company):
    for code in ("payer", "approver"):
        RoleFactory(code=code, name=code.title(), permissions=[])


@pytest.fixture
def rule(duties):
    return make_rule()[0]


def make_rule(first="payer", second="approver", name="Four eyes"):
    return commands.create_rule(name=name, roles=(first, second), actor=SYSTEM, now=timezone.now())


def assign(membership, *codes):
    return commands.assign_roles(holder_id=membership.user_id, roles=codes, actor=SYSTEM, now=timezone.now())


def grant(kind, id_, role, **limits):
    return access.grant_role(holder_kind=kind, holder_id=id_, role=role, actor=SYSTEM, now=timezone.now(), **limits)


def group_with(*codes, members=()):
    group = groups.create_group(name=f"Group {uuid7()}", actor=SYSTEM)
    groups.change_roles(group_id=group.id, roles_held=codes, actor=SYSTEM, now=timezone.now())
    add(group, *members)
    return group


def add(group, *members):
    ids = [membership.user_id for membership in members]
    return groups.add_members(group_id=group.id, user_ids=ids, actor=SYSTEM, now=timezone.now())


def include(code, *includes):
    content = RoleContent(code.title(), includes=tuple(includes))
    return commands.update_role(code=code, content=content, actor=SYSTEM, now=timezone.now())


@pytest.mark.usefixtures("rule")
class TestEnforcement:
    def test_lets_each_role_be_held_alone(self, member):
        assign(member(), "payer")
        assign(member(), "approver")

    def test_refuses_both_at_once(self, member):
        with pytest.raises(SeparationOfDutyViolated):
            assign(member(), "payer", "approver")

    def test_refuses_the_second_and_keeps_the_first(self, member):
        ada = member()
        assign(ada, "payer")

        with pytest.raises(SeparationOfDutyViolated, match="Payer directly"):
            grant("user", ada.user_id, "approver")

        assert queries.granted_to(ada.user_id).roles == ("payer",)

    def test_lets_one_be_exchanged_for_the_other(self, member):
        ada = member("payer")

        assign(ada, "approver")

        assert queries.granted_to(ada.user_id).roles == ("approver",)

    def test_refuses_a_role_that_includes_the_other_half_and_names_the_path(self, member):
        RoleFactory(code="boss", name="Boss", permissions=[], includes=["approver"])
        ada = member("payer", name="Ada")

        with pytest.raises(SeparationOfDutyViolated) as refusal:
            assign(ada, "payer", "boss")

        assert str(refusal.value) == (
            "Ada would hold Approver as Boss includes Approver and Payer directly, "
            "which the rule “Four eyes” keeps apart"
        )

    def test_refuses_a_role_that_includes_both_even_if_nobody_holds_it(self):
        RoleFactory(code="boss", permissions=[])

        with pytest.raises(SeparationOfDutyViolated, match="the role Boss"):
            include("boss", "payer", "approver")

    def test_refuses_a_change_of_a_role_far_below(self, member):
        RoleFactory(code="low", permissions=[])
        RoleFactory(code="high", permissions=[], includes=["low"])
        member("high", "payer", name="Ada")

        with pytest.raises(SeparationOfDutyViolated, match="Ada would hold"):
            include("low", "approver")

    def test_refuses_the_role_of_a_group_whose_member_holds_the_other_half(self, member):
        ada = member("payer")
        group = group_with(members=[ada])

        with pytest.raises(SeparationOfDutyViolated, match="through the group"):
            groups.change_roles(group_id=group.id, roles_held=["approver"], actor=SYSTEM, now=timezone.now())

    def test_refuses_a_new_member_of_such_a_group(self, member):
        group = group_with("approver")

        with pytest.raises(SeparationOfDutyViolated):
            add(group, member("clerk"), member("payer"))

        assert groups_of(group) == 0

    def test_refuses_both_by_two_groups(self, member):
        ada = member()
        group_with("payer", members=[ada])

        with pytest.raises(SeparationOfDutyViolated):
            add(group_with("approver"), ada)

    def test_refuses_both_to_a_group_without_members(self):
        with pytest.raises(SeparationOfDutyViolated):
            group_with("approver", "payer")

    def test_refuses_the_return_of_what_may_no_longer_be_held(self, member):
        ada = member("payer")
        users.delete_member(user_id=ada.user_id, actor=SYSTEM, now=timezone.now())
        RoleAssignmentFactory(holder_id=ada.user_id, role_code="approver")

        with pytest.raises(SeparationOfDutyViolated):
            users.restore_member(user_id=ada.user_id, actor=SYSTEM, now=timezone.now())

    def test_lets_both_be_held_for_different_objects(self, member):
        from apps.iam.groups.tests.factories import GroupFactory

        ada, one, other = member(), GroupFactory(), GroupFactory()
        grant("user", ada.user_id, "payer", resource_type="group", resource_id=one.id)

        grant("user", ada.user_id, "approver", resource_type="group", resource_id=other.id)
        with pytest.raises(SeparationOfDutyViolated):
            grant("user", ada.user_id, "approver", resource_type="group", resource_id=one.id)

    def test_forgets_what_has_expired(self, member):
        ada = member()
        RoleAssignmentFactory(holder_id=ada.user_id, role_code="payer", expires_at=timezone.now())

        grant("user", ada.user_id, "approver")

    def test_of_another_company_binds_nobody_here(self, member, other_company):
        with tenant(other_company.id):
            for code in ("payer", "approver"):
                RoleFactory(code=code)
            assign(member(), "payer", "approver")

    def test_ends_with_the_rule(self, member, rule):
        commands.delete_rule(rule_id=rule.id, actor=SYSTEM, now=timezone.now())

        assign(member(), "payer", "approver")


def groups_of(group):
    from apps.iam.groups import queries as group_queries

    return group_queries.group(group.id).member_count


@pytest.mark.usefixtures("duties")
class TestRules:
    def test_report_who_breaks_them_already(self, member):
        ada = member("payer", "approver", name="Ada")
        group_with("approver", members=[member("payer", name="Ben")])
        RoleFactory(code="boss", name="Boss", permissions=[], includes=["payer", "approver"])
        member("payer")

        _, violations = make_rule()

        told = separation.told(violations)
        assert [(v["holder_kind"], v["holder"]) for v in told] == [
            ("role", "the role Boss"),
            ("user", "Ada"),
            ("user", "Ben"),
        ]
        assert queries.granted_to(ada.user_id).roles == ("approver", "payer"), "nothing is taken"

    def test_tell_of_themselves_once(self, published):
        rule, _ = make_rule()
        for _ in range(2):
            commands.delete_rule(rule_id=rule.id, actor=SYSTEM, now=timezone.now())

        facts = {"separation_rule_id": rule.id, "name": "Four eyes", "roles": ("approver", "payer")}
        assert published == [SeparationRuleCreated(**facts), SeparationRuleDeleted(**facts)]

    def test_name_two_roles_that_there_are_once(self):
        make_rule()
        with pytest.raises(RuleExists):
            make_rule("approver", "payer")
        with pytest.raises(InvalidRule):
            make_rule("payer", "payer")
        with pytest.raises(InvalidRule):
            make_rule(name=" ")
        with pytest.raises(UnknownRole):
            make_rule("payer", "emperor")

    def test_are_not_found_in_another_company(self, other_company):
        rule, _ = make_rule()

        with tenant(other_company.id):
            assert separation.rules() == []
            with pytest.raises(RuleNotFound):
                commands.delete_rule(rule_id=rule.id, actor=SYSTEM, now=timezone.now())
