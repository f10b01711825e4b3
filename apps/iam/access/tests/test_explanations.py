"""What explanations say, word for word: each case has its text in `golden/`.

To write them anew after a change of words: `WRITE_GOLDEN=1 pytest …`, and read the difference.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
import time_machine
from django.core.management import CommandError, call_command

from apps.core.auth import Resource
from apps.core.auth.policy import Question, Verdict
from apps.core.history import SYSTEM
from apps.core.tenancy import tenant
from apps.iam.access import queries
from apps.iam.access.explanation import explain
from apps.iam.groups.tests.factories import GroupFactory, GroupMemberFactory
from apps.iam.roles import commands as roles
from apps.iam.roles.tests.factories import RoleAssignmentFactory, RoleFactory
from apps.iam.tenants import commands as tenants
from apps.iam.users import commands as users
from apps.iam.users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db

GOLDEN = Path(__file__).parent / "golden"
NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
ONE, OTHER = UUID(int=1), UUID(int=2)


class Engine:
    """Forbids large amounts, and permits looking at groups from the office."""

    def evaluate(self, question: Question) -> Verdict:
        if question.action == "orders.cancel":
            return Verdict(forbids=True, policies=("Large orders",), conditions={"amount": "900", "limit": "500"})
        if question.action == "groups.view":
            return Verdict(permits=True, policies=("Auditors in the office",), conditions={"address": "192.0.2.7"})
        return Verdict()


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def ada(owner, member):
    return member("viewer", name="Ada King", user=UserFactory(email="ada@mail.example"))


@pytest.fixture
def told(request):
    """Compares the explanation with the text of this test's name."""

    def compare(membership, permission, resource=None):
        subject = queries.subject_named(str(membership.user_id))
        text = "\n".join(explain(subject, permission, resource, now=NOW).lines()) + "\n"
        path = GOLDEN / f"{request.node.name.removeprefix('test_')}.txt"
        if os.environ.get("WRITE_GOLDEN"):
            path.write_text(text)
        assert text == path.read_text()
        return text

    return compare


def hold(membership, role, **limits):
    return RoleAssignmentFactory(holder_id=membership.user_id, role_code=role, **limits)


class TestExplanation:
    def test_allowed_directly(self, ada, told):
        told(ada, "orders.view")

    def test_allowed_by_inheritance_and_group_for_a_while(self, ada, told):
        RoleFactory(code="lead", name="Shift lead", includes=["stand-in"], permissions=[])
        RoleFactory(code="stand-in", name="Stand-in", permissions=["orders.cancel"])
        group = GroupFactory(name="Night shift")
        GroupMemberFactory(group=group, member_id=ada.user_id)
        RoleAssignmentFactory(
            holder_id=group.id, holder_kind="group", role_code="lead", expires_at=NOW + timedelta(days=3)
        )
        hold(ada, "manager")

        told(ada, "orders.cancel")

    def test_allowed_for_one_object(self, ada, told):
        group = GroupFactory(name="Finance")
        hold(ada, "manager", resource_type="group", resource_id=group.id)

        told(ada, "groups.manage", Resource("group", group.id))

    def test_denied_without_a_role(self, ada, told):
        RoleFactory(code="stand-in", name="Stand-in", permissions=["orders.cancel"])
        RoleFactory(code="helper", name="Helper", permissions=["customers.view"])
        hold(ada, "helper")

        told(ada, "orders.cancel")

    def test_denied_since_it_expired(self, ada, told):
        hold(ada, "manager", expires_at=NOW - timedelta(hours=1))

        told(ada, "orders.cancel")

    def test_denied_since_it_expired_and_was_swept(self, ada, told):
        given = hold(ada, "manager", expires_at=NOW - timedelta(hours=1))
        roles.expire_assignment(assignment_id=given.id, now=NOW)

        told(ada, "orders.cancel")

    def test_denied_and_silent_about_what_was_taken_away(self, ada, told):
        given = hold(ada, "manager", expires_at=NOW + timedelta(hours=1))
        roles.end_assignment(assignment_id=given.id, actor=SYSTEM, now=NOW)

        told(ada, "orders.cancel")

    def test_denied_for_another_object(self, ada, told):
        finance, sales = GroupFactory(name="Finance"), GroupFactory(name="Sales")
        hold(ada, "manager", resource_type="group", resource_id=finance.id)

        told(ada, "groups.manage", Resource("group", sales.id))

    def test_denied_everywhere_since_it_is_for_one_object(self, ada, told):
        hold(ada, "manager", resource_type="order", resource_id=ONE)

        told(ada, "orders.cancel")

    def test_denied_to_the_suspended(self, ada, told):
        hold(ada, "manager")
        users.update_member(user_id=ada.user_id, suspended=True, actor=SYSTEM)

        told(ada, "orders.cancel")

    def test_denied_to_the_removed(self, ada, told):
        users.delete_member(user_id=ada.user_id, actor=SYSTEM, now=NOW)

        told(ada, "orders.view")

    def test_denied_to_the_barred(self, ada, told):
        users.suspend_user(user_id=ada.user_id)

        told(ada, "orders.view")

    def test_denied_in_a_suspended_company(self, ada, company, told):
        tenants.suspend_tenant(tenant_id=company.id)

        told(ada, "orders.view")

    def test_denied_by_a_policy(self, ada, told, settings):
        settings.POLICY_ENGINE = f"{__name__}.Engine"
        hold(ada, "manager")

        told(ada, "orders.cancel", Resource("order", ONE))

    def test_allowed_by_a_policy(self, ada, told, settings):
        settings.POLICY_ENGINE = f"{__name__}.Engine"

        told(ada, "groups.view")


class TestCommand:
    def ask(self, company, capsys, **options):
        wish = {"subject": "ADA@mail.example", "permission": "orders.view", **options}
        call_command("explain_access", tenant=company.slug, **wish)
        return capsys.readouterr().out

    def test_says_the_same(self, company, ada, capsys):
        assert self.ask(company, capsys) == (GOLDEN / "allowed_directly.txt").read_text()

    def test_asks_about_one_object(self, company, ada, capsys):
        hold(ada, "manager", resource_type="order", resource_id=ONE)

        told = self.ask(company, capsys, permission="orders.cancel", resource=f"order:{ONE}")

        assert told.startswith(f"Ada King may: Cancel orders (orders.cancel) for order {ONE}")

    @pytest.mark.parametrize(
        ("options", "code"),
        [
            ({"subject": "nobody@mail.example"}, "member_not_found"),
            ({"subject": str(ONE)}, "subject_not_found"),
            ({"permission": "sky.fly"}, "invalid_question"),
            ({"resource": "order"}, "invalid"),
        ],
    )
    def test_refuses_what_makes_no_sense(self, company, ada, capsys, options, code):
        with pytest.raises(CommandError, match=f"^{code}: "):
            self.ask(company, capsys, **options)

    def test_does_not_find_who_belongs_to_another_company(self, company, other_company, member, capsys):
        with tenant(other_company.id):
            stranger = member()

        with pytest.raises(CommandError, match="subject_not_found"):
            self.ask(company, capsys, subject=str(stranger.user_id))
