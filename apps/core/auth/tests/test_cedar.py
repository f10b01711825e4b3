"""Policies in Cedar: what they see, that they only forbid, and that whatever goes wrong forbids. No database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from apps.core.auth import Holdings, MissingPermission, Principal, Resource
from apps.core.auth.cedar import engine
from apps.core.auth.decision import Reason, decide
from apps.core.auth.grants import Grant, RoleNode
from apps.core.auth.policy import PoliciesInForce, PolicyText
from apps.core.auth.resource_kinds import attributes, resource_kinds
from apps.core.history import Origin, coming_from

NOW = datetime(2026, 12, 1, 9, 30, tzinfo=UTC)  # a Tuesday
ORDER, GROUP = uuid4(), uuid4()
ROLES = {
    "lead": RoleNode("lead", frozenset(), ("clerk",)),
    "clerk": RoleNode("clerk", frozenset({"orders.cancel", "orders.view", "policies.manage"})),
    "other": RoleNode("other", frozenset({"orders.view"})),
}
asked: list[object] = []
in_force = PoliciesInForce(None)


def source() -> PoliciesInForce:
    """What settings.POLICY_SOURCE names in these tests."""
    asked.append("policies")
    return in_force


def groups(subject: UUID, kind: str) -> frozenset[UUID]:
    asked.append("groups")
    return frozenset({GROUP})


def order_attributes(ids: list[UUID]) -> dict[UUID, dict[str, object]]:
    asked.append("attributes")
    return {id_: {"amount": 5000, "currency": "EUR", "status": "placed", "owner": None} for id_ in ids if id_ == ORDER}


@pytest.fixture
def policies(settings, monkeypatch):
    """Puts policies in force: `policies("forbid …", …)`; what was asked of others meanwhile lies in `asked`."""
    from apps.core.auth import resource_kinds as kinds

    settings.POLICY_SOURCE, settings.GROUPS_SOURCE = f"{__name__}.source", f"{__name__}.groups"
    order = kinds.ResourceKind(
        "order", ("orders",), f"{__name__}.order_attributes", resource_kinds()["order"].attributes
    )
    monkeypatch.setattr(kinds, "_declared", lambda _: {"order": order})
    engine._kept.clear()
    asked.clear()

    def put(*texts: str) -> None:
        global in_force
        named = tuple(PolicyText(UUID(int=number), f"P{number}", text) for number, text in enumerate(texts, 1))
        in_force = PoliciesInForce(uuid4() if texts else None, named)

    yield put
    put()
    engine._kept.clear()


def caller(*roles: str, **fields: object) -> Principal:
    holdings = Holdings(tuple(map(Grant, roles or ("clerk",))), ROLES, in_force.stamp)
    given = {"subject": uuid4(), "kind": "user", "tenant_id": UUID(int=7), **fields}
    return Principal(permissions=holdings.permissions(NOW), holdings=holdings, **given)  # type: ignore[arg-type]


def order(**known: object) -> Resource:
    return Resource("order", ORDER, known)


def may(who: Principal, code: str = "orders.cancel", resource: Resource | None = None, address: str = "") -> bool:
    with coming_from(Origin(address=address)):
        return decide(who, code, resource, now=NOW).allowed


class TestWhatTheySee:
    @pytest.mark.parametrize(
        ("condition", "fields", "address"),
        [
            ('principal.acr == "aal1" && principal.aal < 2', {"acr": "aal1"}, ""),
            ("principal.aal == 0", {}, ""),
            ("principal has authenticated_s && principal.authenticated_s > 600", {"at": 11}, ""),
            ("principal.impersonated", {"impersonator_id": uuid4()}, ""),
            ('principal.method == "api_key"', {"method": "api_key"}, ""),
            ('principal.email like "*@mail.example"', {"email": "ada@mail.example"}, ""),
            ("principal is Service", {"kind": "service"}, ""),
            ('principal in Role::"clerk"', {}, ""),
            ('context.weekday == "tue" && context.hour == 9 && context.minute == 30', {}, ""),
            ("context.hour == 15", {"tenant_time_zone": "Asia/Kolkata"}, ""),
            ('context.time == datetime("2026-12-01T09:30:00Z")', {}, ""),
            ('context has address && context.address.isInRange(ip("10.0.0.0/8"))', {}, "10.1.2.3"),
            ('context has address && context.address.isInRange(ip("10.0.0.0/8"))', {}, "::ffff:10.1.2.3"),
            ('context has address && context.address.isInRange(ip("fe80::/10"))', {}, "fe80::1%eth0"),
            ("!(context has address)", {}, "unix:"),
            (f'context.tenant == "{UUID(int=7)}"', {}, ""),
        ],
    )
    def test_is_the_caller_and_the_moment(self, policies, condition, fields, address):
        policies(f"forbid (principal, action, resource) when {{ {condition} }};")
        minutes = fields.pop("at", None)
        if minutes:
            fields = {"authenticated_at": NOW - timedelta(minutes=minutes)}

        assert not may(caller(**fields), address=address)
        policies(f"forbid (principal, action, resource) unless {{ {condition} }};")
        assert may(caller(**fields), address=address)

    def test_is_the_object_with_what_its_service_knows(self, policies):
        policies("forbid (principal, action, resource is Order) when { resource.amount > 4999 };")

        assert not may(caller(), resource=order())
        assert asked.count("attributes") == 1
        assert may(caller(), resource=order(amount=4999)), "what comes with the object is believed"
        assert may(caller()), "the company as a whole is no order"

    def test_is_the_object_however_it_is_written(self, policies):
        policies(
            "forbid (principal, action, resource is Order) when { (if true then resource else resource) has amount };"
        )

        assert not may(caller(), resource=order())

    def test_is_an_owner_only_where_there_is_one(self, policies):
        policies("forbid (principal, action, resource is Order) when { resource has owner };")

        assert may(caller(), resource=order())
        assert not may(caller(), resource=order(owner="ada"))

    def test_is_every_role_that_counts_here(self, policies):
        policies('forbid (principal in Role::"clerk", action, resource);')
        scoped = Holdings((Grant("lead", None, None, "order", uuid4()), Grant("other")), ROLES, in_force.stamp)

        assert not may(caller("lead"), "orders.view"), "through the role that includes it"
        assert may(caller("other"), "orders.view")
        elsewhere = Principal(uuid4(), "user", UUID(int=7), frozenset({"orders.view"}), holdings=scoped)
        assert may(elsewhere, "orders.view", order()), "a role for another order"

    def test_is_the_groups_where_a_policy_names_one(self, policies):
        policies(f'forbid (principal in Group::"{GROUP}", action, resource);')
        assert not may(caller())
        policies('forbid (principal, action, resource) when { principal in Group::"another" };')
        assert may(caller())
        assert asked.count("groups") == 2


class TestWhatTheyCost:
    def test_is_nothing_without_policies(self, policies):
        assert may(caller())
        assert asked == []

    def test_is_nothing_for_permissions_that_none_has_to_do_with(self, policies, monkeypatch):
        policies('forbid (principal, action == Action::"orders.view", resource is Order) when { resource.amount > 1 };')
        monkeypatch.setattr("cedarpy.is_authorized", None)  # whoever called it would be denied

        assert may(caller(), resource=order())
        assert asked == ["policies"]

    def test_is_one_question_for_the_policies_at_each_stamp(self, policies):
        policies("forbid (principal, action, resource);")
        for _ in range(3):
            assert not may(caller())
        policies("forbid (principal, action, resource) when { false };")
        assert may(caller()), "at another stamp, others are asked"
        assert asked.count("policies") == 2

    def test_are_no_groups_and_attributes_that_nobody_asks_for(self, policies):
        policies("forbid (principal, action, resource) when { context.hour > 23 };")

        assert may(caller(), resource=order())
        assert asked == ["policies"]


class TestWhatTheySay:
    def test_names_those_that_forbid_and_what_they_looked_at(self, policies):
        policies(
            "forbid (principal, action, resource is Order) when { resource.amount > 4000 && principal.aal < 2 };",
            "forbid (principal, action, resource) when { context.hour > 20 };",
        )

        decision = decide(caller(), "orders.cancel", order(), now=NOW)

        assert (decision.reason, decision.verdict.policies) == (Reason.FORBIDDEN, ("P1",))
        assert decision.verdict.policy_ids == (UUID(int=1),)
        assert decision.verdict.conditions == {"resource.amount": "5000", "principal.aal": "0"}

    def test_is_told_with_the_refusal(self, policies, monkeypatch):
        policies("forbid (principal, action, resource);")

        with pytest.raises(MissingPermission) as refusal:
            caller().require("orders.cancel")

        assert refusal.value.extra["policies"] == ["P1"]
        assert str(refusal.value).endswith("which a policy of your company forbids you here and now: “P1”")

    def test_gives_nothing_that_no_role_allows(self, policies):
        policies("forbid (principal, action, resource) when { false };")

        assert decide(caller("other"), "orders.cancel", now=NOW).reason is Reason.NOT_GRANTED

    def test_never_reaches_what_it_takes_to_change_policies(self, policies):
        policies("forbid (principal, action, resource);")

        assert may(caller(), "policies.manage")


class TestWhateverGoesWrong:
    """Cedar itself would let through what a policy forbids that it cannot evaluate."""

    @pytest.mark.parametrize(
        "text",
        [
            "forbid (principal, action, resource) when { context.hour + 9223372036854775807 > 0 };",
            "forbid (principal, action, resource) when { context.nothing };",
            "forbid (principal, action, resource is Order) when { resource.amount.less > 1 };",
        ],
        ids=["overflow", "unknown attribute", "wrong type"],
    )
    def test_forbids_and_says_so(self, policies, text):
        policies(text, "forbid (principal, action, resource) when { false };")

        decision = decide(caller(), "orders.cancel", order(), now=NOW)

        assert (decision.allowed, decision.verdict.policies) == (False, ("P1",))
        assert decision.verdict.error

    def test_forbids_for_an_object_that_does_not_exist(self, policies):
        policies("forbid (principal, action, resource is Order) when { resource.amount > 1000000 };")
        gone = Resource("order", uuid4())

        assert decide(caller(), "orders.cancel", gone, now=NOW).verdict.error == f"there is no {gone.type} {gone.id}"

    def test_forbids_while_the_policies_cannot_be_read(self, policies, settings):
        policies("forbid (principal, action, resource) when { false };")
        settings.POLICY_SOURCE = f"{__name__}.away"

        with pytest.raises(MissingPermission) as refusal:
            caller().require("orders.cancel")

        assert "cannot be read" in refusal.value.extra["policy_error"]

    def test_forbids_while_an_attribute_cannot_be_read(self, policies, monkeypatch):
        policies("forbid (principal, action, resource is Order) when { resource.amount > 1000000 };")
        monkeypatch.setattr("apps.core.auth.cedar.facts.attributes_of", None)

        assert not may(caller(), resource=order())

    def test_forbids_for_a_policy_that_is_none(self, policies):
        policies("permit (principal, action, resource);")

        assert not may(caller())


@pytest.mark.django_db(databases=["default", "business"])
def test_every_kind_of_object_is_asked_by_a_function_that_exists(company_scope):
    """Whatever `RESOURCE_KINDS` declares can be asked; nothing is known of what does not exist."""
    for kind in resource_kinds().values():
        found = attributes(kind.code, [uuid4()])
        assert found == {} or not kind.source


@pytest.fixture
def company_scope():
    from apps.core.tenancy import tenant

    with tenant(uuid4()):
        yield
