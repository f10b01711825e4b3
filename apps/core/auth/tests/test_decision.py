"""Decisions as values: what allows, what forbids, what nearly counts. Pure functions, no database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from apps.core.auth import Holdings, MissingPermission, Principal, Resource
from apps.core.auth.decision import MissReason, Reason, decide
from apps.core.auth.grants import Grant, RoleNode, permissions_of
from apps.core.auth.policy import Question, Verdict
from apps.core.errors import Invalid

NOW = datetime(2026, 12, 1, tzinfo=UTC)
TEA, POT = uuid4(), uuid4()
ROLES = {
    "lead": RoleNode("lead", frozenset(), ("clerk", "auditor")),
    "clerk": RoleNode("clerk", frozenset({"orders.place"})),
    "auditor": RoleNode("auditor", frozenset({"audit.view"})),
    "round": RoleNode("round", frozenset({"a.b"}), ("trip",)),
    "trip": RoleNode("trip", frozenset({"c.d"}), ("round", "gone")),
}
asked: list[Question] = []


class Engine:
    """Forbids what is called forbidden, and permits what is called permitted."""

    def evaluate(self, question: Question) -> Verdict:
        asked.append(question)
        policies = (f"about {question.action}",)
        if question.action == "orders.place":
            return Verdict(forbids=True, permits=True, policies=policies, conditions={"acr": "aal1"})
        return Verdict(permits=question.action == "reports.view", policies=policies)


def caller(*grants: Grant, **fields: object) -> Principal:
    holdings = Holdings(grants, ROLES)
    held = holdings.permissions(NOW)
    return Principal(subject=uuid4(), kind="user", tenant_id=uuid4(), permissions=held, holdings=holdings, **fields)  # type: ignore[arg-type]


def product(id_: UUID, **attributes: object) -> Resource:
    return Resource("product", id_, attributes)


@pytest.fixture
def policies(settings):
    settings.POLICY_ENGINE = f"{__name__}.Engine"
    asked.clear()


class TestDecide:
    def test_names_the_chain_of_roles_that_allows_it(self):
        decision = decide(caller(Grant("lead")), "audit.view", now=NOW)

        assert (decision.allowed, decision.reason) == (True, Reason.GRANTED)
        assert [path.chain for path in decision.paths] == [("lead", "auditor")]

    def test_denies_what_no_role_holds(self):
        decision = decide(caller(Grant("clerk")), "audit.view", now=NOW)

        assert (decision.allowed, decision.reason, decision.paths) == (False, Reason.NOT_GRANTED, ())

    def test_names_every_path(self):
        group = uuid4()
        decision = decide(caller(Grant("clerk"), Grant("lead", group_id=group)), "orders.place", now=NOW)

        assert [(path.grant.group_id, path.chain) for path in decision.paths] == [
            (None, ("clerk",)),
            (group, ("lead", "clerk")),
        ]

    def test_ends_a_grant_at_its_very_moment(self):
        who = caller(Grant("clerk", expires_at=NOW + timedelta(seconds=1)))

        assert decide(who, "orders.place", now=NOW).allowed
        late = decide(who, "orders.place", now=NOW + timedelta(seconds=1))
        assert (late.allowed, [miss.why for miss in late.misses]) == (False, [MissReason.EXPIRED])

    def test_counts_a_scoped_grant_for_its_object_only(self):
        who = caller(Grant("clerk", resource_type="product", resource_id=TEA))

        assert decide(who, "orders.place", product(TEA), now=NOW).allowed
        for elsewhere in (product(POT), Resource("order", TEA), None):
            refused = decide(who, "orders.place", elsewhere, now=NOW)
            assert (refused.allowed, [miss.why for miss in refused.misses]) == (False, [MissReason.OTHER_OBJECT])
        assert who.permissions == frozenset()

    def test_counts_a_grant_for_everything_for_each_object_too(self):
        assert decide(caller(Grant("clerk")), "orders.place", product(TEA), now=NOW).allowed

    def test_ends_where_roles_include_one_another(self):
        assert decide(caller(Grant("round")), "c.d", now=NOW).allowed
        assert not decide(caller(Grant("round")), "e.f", now=NOW).allowed
        assert permissions_of(["round"], ROLES) == {"a.b", "c.d"}

    def test_lets_nobody_without_standing_do_anything(self):
        decision = decide(caller(Grant("clerk"), standing="suspended"), "orders.place", now=NOW)

        assert (decision.allowed, decision.reason, decision.standing) == (False, Reason.NO_STANDING, "suspended")
        assert decision.paths, "what would count is still told"

    def test_keeps_a_credential_within_what_it_was_issued_for(self):
        who = caller(Grant("lead"), limited_to=frozenset({"audit.view"}))

        assert decide(who, "audit.view", now=NOW).allowed
        assert decide(who, "orders.place", now=NOW).reason is Reason.LIMITED

    def test_keeps_a_limited_credential_within_it_for_single_objects_too(self):
        scoped = Grant("lead", resource_type="product", resource_id=TEA)
        who = caller(scoped, limited_to=frozenset({"audit.view"}))

        assert decide(who, "orders.place", product(TEA), now=NOW).reason is Reason.LIMITED

    def test_believes_a_flat_set_that_was_narrowed_afterwards(self):
        from dataclasses import replace

        narrowed = replace(caller(Grant("clerk")), permissions=frozenset())

        assert not decide(narrowed, "orders.place", now=NOW).allowed

    def test_keeps_what_is_done_in_person_from_who_acts_in_anothers_name(self):
        roles = {"boss": RoleNode("boss", frozenset({"roles.assign", "users.view"}))}
        holdings = Holdings((Grant("boss"),), roles)
        who = Principal(
            subject=uuid4(),
            kind="user",
            tenant_id=uuid4(),
            permissions=holdings.permissions(NOW),
            holdings=holdings,
            impersonator_id=uuid4(),
        )

        assert decide(who, "users.view", now=NOW).allowed
        assert decide(who, "roles.assign", now=NOW).reason is Reason.IMPERSONATED


@pytest.mark.usefixtures("policies")
class TestPolicies:
    def test_forbid_what_a_role_allows(self):
        decision = decide(caller(Grant("clerk")), "orders.place", now=NOW)

        assert (decision.allowed, decision.reason) == (False, Reason.FORBIDDEN)
        assert decision.verdict.policies == ("about orders.place",)
        assert asked[0].granted

    def test_permit_what_no_role_allows(self):
        decision = decide(caller(), "reports.view", now=NOW)

        assert (decision.allowed, decision.reason) == (True, Reason.PERMITTED)

    def test_are_told_the_attributes_of_the_moment_and_the_object(self):
        decide(caller(acr="aal2"), "audit.view", product(TEA, amount=500, owner="ada", secret=1), now=NOW)

        assert asked[0].context == {"time": NOW, "address": "", "acr": "aal2", "amount": 500, "owner": "ada"}

    def test_permit_nothing_to_whoever_is_kept_out(self):
        assert not decide(caller(standing="suspended"), "reports.view", now=NOW).allowed
        assert not decide(caller(limited_to=frozenset()), "reports.view", now=NOW).allowed


class TestPrincipal:
    def test_decides_by_the_flat_set_where_that_is_all_it_has(self):
        who = Principal(subject=uuid4(), kind="user", tenant_id=uuid4(), permissions=frozenset({"orders.view"}))

        assert who.may("orders.view")
        assert who.may("orders.view", product(TEA))
        assert not who.may("orders.place")

    def test_refuses_with_the_reason(self):
        with pytest.raises(MissingPermission) as refusal:
            caller(Grant("clerk")).require("audit.view", product(TEA))

        assert refusal.value.extra == {
            "permission": "audit.view",
            "reason": "not_granted",
            "resource": f"product:{TEA}",
        }

    @pytest.mark.parametrize("text", ["order", "order:", "order:7", ":", ""])
    def test_takes_no_object_that_cannot_be_one(self, text):
        with pytest.raises(Invalid):
            Resource.parsed(text)
