"""Policies are made, changed, deleted and restored; each change holds from the next request on and takes two people."""

from __future__ import annotations

import pytest
from django.conf import settings as django_settings
from django.utils import timezone

from apps.core.auth import Principal
from apps.core.errors import PreconditionFailed
from apps.core.tenancy import tenant
from apps.iam.approvals import commands as approvals
from apps.iam.approvals.errors import ApprovalNeeded
from apps.iam.facade import iam
from apps.iam.policies import commands, queries
from apps.iam.policies.content import PolicyContent
from apps.iam.policies.errors import InvalidPolicy, PolicyExists, PolicyIsDeleted, PolicyNotFound, TooManyPolicies
from apps.iam.policies.events import PolicyCreated, PolicyDeleted, PolicyRestored, PolicyUpdated
from apps.iam.policies.tests.factories import NOBODY_CANCELS, PolicyFactory

pytestmark = pytest.mark.django_db

NIGHT = PolicyContent(name="Not at night", text=NOBODY_CANCELS)


@pytest.fixture
def create(by_owner):
    return lambda content=NIGHT, actor=None: commands.create_policy(
        content=content, actor=actor or by_owner, now=timezone.now()
    )


@pytest.fixture
def facts(by_owner):
    return {"actor": by_owner, "now": timezone.now()}


@pytest.fixture
def principal_of(company):
    """The principal that a member's next request has."""

    def principal(member) -> Principal:
        claims = {"sub": str(member.user_id), "client_id": django_settings.OIDC_RP_CLIENT_ID, "tenant": str(company.id)}
        return iam.principal(claims=claims)

    return principal


class TestCreatePolicy:
    def test_holds_from_the_next_request_on(self, create, member, principal_of):
        manager = member("manager")
        assert principal_of(manager).may("orders.cancel")

        create()

        decision = principal_of(manager).decide("orders.cancel")
        assert (decision.allowed, decision.verdict.policies) == (False, ("Not at night",))
        assert principal_of(manager).may("orders.view")

    def test_is_told(self, create, published):
        policy = create()

        assert published == [PolicyCreated(policy_id=policy.id, name="Not at night", enabled=True, text=NOBODY_CANCELS)]

    def test_forbids_nothing_while_it_is_off(self, create, member, principal_of):
        create(PolicyContent(name="Off", text=NOBODY_CANCELS, enabled=False))

        assert principal_of(member("manager")).may("orders.cancel")
        assert queries.in_force().stamp is None

    def test_makes_the_text_of_a_rule(self, create):
        policy = create(PolicyContent(name="Big", rule={"permissions": ["orders.cancel"], "resource": "order"}))

        assert policy.text == (
            'forbid (\n    principal,\n    action in [Action::"orders.cancel"],\n    resource is Order\n);'
        )

    @pytest.mark.parametrize(
        ("content", "field"),
        [
            (PolicyContent(name=" ", text=NOBODY_CANCELS), "name"),
            (PolicyContent(name="x", text="permit (principal, action, resource);"), "text"),
            (PolicyContent(name="x", rule={"when": {"amount_over": 1}}), "rule"),
            (PolicyContent(name="x", rule={"roles": ["clrk"]}), "rule"),
        ],
    )
    def test_refuses_what_is_no_policy(self, create, content, field):
        with pytest.raises(InvalidPolicy) as refusal:
            create(content)

        assert list(refusal.value.errors) == [field]

    def test_refuses_a_name_that_is_taken(self, create):
        create()

        with pytest.raises(PolicyExists):
            create()

    def test_refuses_one_too_many(self, create, monkeypatch):
        monkeypatch.setattr("apps.iam.policies.commands.changing.MOST_POLICIES", 1)
        create()

        with pytest.raises(TooManyPolicies):
            create(PolicyContent(name="Another", text=NOBODY_CANCELS))

    def test_takes_a_second_person_while_there_is_one(self, create, by_owner, member, actor_of, principal_of):
        second = member("owner", name="Otto")
        asked = approvals.done_or_requested(create, actor=by_owner, now=timezone.now())
        assert asked.summary == f"Make the policy “Not at night”: {NOBODY_CANCELS}"
        assert principal_of(second).may("orders.cancel")

        done = approvals.approve(approval_id=asked.id, actor=actor_of(second), now=timezone.now())

        assert done.status == "executed"
        assert not principal_of(second).may("orders.cancel")


class TestUpdatePolicy:
    def test_is_obeyed_at_once(self, facts, owner, principal_of, published):
        policy = PolicyFactory()
        assert not principal_of(owner).may("orders.cancel")

        commands.update_policy(policy_id=policy.id, wished={"enabled": False}, **facts)

        assert principal_of(owner).may("orders.cancel")
        assert published == [PolicyUpdated(policy_id=policy.id, name=policy.name, enabled=False, text=policy.text)]

    def test_changes_nothing_twice(self, facts, published):
        policy = PolicyFactory()
        stamp = queries.in_force().stamp

        commands.update_policy(policy_id=policy.id, wished={"enabled": True}, **facts)

        assert (queries.in_force().stamp, published) == (stamp, [])

    def test_puts_a_text_in_the_place_of_a_rule(self, facts):
        policy = PolicyFactory(rule={"permissions": ["orders.cancel"]})

        changed = commands.update_policy(
            policy_id=policy.id, wished={"text": "forbid (principal, action, resource);"}, **facts
        )

        assert changed.rule is None

    def test_refuses_an_older_version(self, facts):
        policy = PolicyFactory()

        with pytest.raises(PreconditionFailed):
            commands.update_policy(policy_id=policy.id, wished={"name": "x"}, expected_version=9, **facts)

    def test_refuses_a_deleted_one(self, facts):
        policy = PolicyFactory()
        commands.delete_policy(policy_id=policy.id, **facts)

        with pytest.raises(PolicyIsDeleted):
            commands.update_policy(policy_id=policy.id, wished={"name": "x"}, **facts)

    def test_does_not_find_one_of_another_company(self, facts, other_company):
        with tenant(other_company.id):
            policy = PolicyFactory()

        for change in (commands.delete_policy, commands.restore_policy):
            with pytest.raises(PolicyNotFound):
                change(policy_id=policy.id, **facts)
        with pytest.raises(PolicyNotFound):
            commands.update_policy(policy_id=policy.id, wished={"name": "x"}, **facts)

    def test_takes_a_second_person_who_approves_this_very_version(self, facts, member, actor_of):
        policy, second = PolicyFactory(), member("owner")
        ask = {"policy_id": policy.id, "wished": {"enabled": False}, **facts}
        asked = approvals.done_or_requested(lambda: commands.update_policy(**ask), **facts)
        policy.description = "changed meanwhile"
        policy.save()

        done = approvals.approve(approval_id=asked.id, actor=actor_of(second), now=timezone.now())

        assert done.status == "failed"
        assert queries.policy(policy.id).enabled


class TestDeleteAndRestore:
    def test_takes_it_away_and_brings_it_back(self, facts, owner, principal_of, published):
        policy = PolicyFactory()

        for _ in range(2):
            commands.delete_policy(policy_id=policy.id, **facts)
        assert principal_of(owner).may("orders.cancel")
        for _ in range(2):
            commands.restore_policy(policy_id=policy.id, **facts)

        assert not principal_of(owner).may("orders.cancel")
        assert published == [
            PolicyDeleted(policy_id=policy.id, name=policy.name),
            PolicyRestored(policy_id=policy.id, name=policy.name, enabled=True, text=policy.text),
        ]

    def test_restores_nothing_that_is_no_policy_any_more(self, facts):
        policy = PolicyFactory(text='forbid (principal, action == Action::"gone.away", resource);')
        commands.delete_policy(policy_id=policy.id, **facts)

        with pytest.raises(InvalidPolicy):
            commands.restore_policy(policy_id=policy.id, **facts)

    def test_restores_nothing_whose_name_is_taken(self, facts):
        policy = PolicyFactory(name="Twin")
        commands.delete_policy(policy_id=policy.id, **facts)
        PolicyFactory(name="Twin")

        with pytest.raises(PolicyExists):
            commands.restore_policy(policy_id=policy.id, **facts)

    def test_takes_a_second_person(self, facts, member):
        policy = PolicyFactory()
        member("owner")

        with pytest.raises(ApprovalNeeded):
            commands.delete_policy(policy_id=policy.id, **facts)


class TestBreakGlass:
    def test_switches_all_off_without_asking(self, owner, member, principal_of):
        member("owner")
        PolicyFactory(text="forbid (principal, action, resource);")
        assert not principal_of(owner).may("orders.view")

        switched = commands.disable_policies(reason="nobody can work")

        assert len(switched) == 1
        assert principal_of(owner).may("orders.view")
        assert commands.disable_policies(reason="again") == []

    def test_switches_off_one_of_several(self, company):
        one, other = PolicyFactory(), PolicyFactory()

        commands.disable_policies(policy_ids=[one.id], reason="this one")

        assert [text.id for text in queries.in_force().policies] == [other.id]
