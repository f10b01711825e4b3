"""Explanation, enforcement, "who can?" and an oracle that shares nothing with them agree, in any company.

Companies are drawn: roles that include others, groups, assignments that are over, end soon or hold for one object only,
people and groups who are suspended, removed or deleted, and policies about roles, groups, objects, what somebody is and
when. All lies in the real database.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.conf import settings as django_settings
from django.utils import timezone
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st

from apps.core.auth import Resource, declared_permissions
from apps.core.errors import Unauthenticated
from apps.core.history import SYSTEM
from apps.core.tenancy import no_tenant, tenant
from apps.iam.access import queries
from apps.iam.facade import iam
from apps.iam.groups.tests.factories import GroupFactory, GroupMemberFactory
from apps.iam.policies.tests.factories import PolicyFactory
from apps.iam.roles.tests.factories import RoleAssignmentFactory, RoleFactory
from apps.iam.service_accounts import commands as service_accounts
from apps.iam.tenants.tests.factories import TenantFactory
from apps.iam.users.tests.factories import MembershipFactory

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

PERMISSIONS = ("orders.view", "orders.cancel", "audit.view")
BUILT_IN = ("manager", "clerk", "viewer")
OWN = ("r0", "r1", "r2", "r3")
OBJECTS = (None, Resource("order", uuid4()), Resource("product", uuid4()))
PEOPLE, ROBOT, GROUPS = (0, 1, 2), 3, (0, 1)


@dataclass(frozen=True)
class Given:
    """One assignment: to whom, of what, for which object, how it ends."""

    holder: tuple[str, int]
    role: str
    scope: int
    end: str  # never, soon, past, taken, swept


@dataclass(frozen=True)
class Forbids:
    """One policy: who may not do what to what, under which condition; each part empty for everybody or everything."""

    role: str
    group: int | None
    permission: str
    kind: str
    condition: str
    state: str  # enabled, disabled, deleted


# In Cedar, and for whom it holds: nobody here signed in with a second factor, and no address is known.
CONDITIONS = {
    "": lambda member: True,
    "principal.aal < 2": lambda member: True,
    "principal is Service": lambda member: member == ROBOT,
    "context has address": lambda member: False,
    "context.hour > 23": lambda member: False,
    "context.hour + 9223372036854775807 > 0": lambda member: True,  # fails, but at midnight, and then it is true
}


@dataclass(frozen=True)
class Company:
    """Everything that matters, in plain values."""

    permissions: dict[str, frozenset[str]]
    includes: dict[str, tuple[str, ...]]
    deleted_roles: frozenset[str]
    belonging: frozenset[tuple[int, int]]  # (member, group)
    left: frozenset[tuple[int, int]]
    deleted_groups: frozenset[int]
    assignments: tuple[Given, ...]
    states: tuple[str, ...]  # of people, and of the robot
    policies: tuple[Forbids, ...]


@st.composite
def companies(draw) -> Company:
    includes = {}
    for place, role in enumerate(OWN):
        below = (*OWN[:place], *BUILT_IN)
        includes[role] = tuple(draw(st.sets(st.sampled_from(below), max_size=2)))
    pairs = st.tuples(st.sampled_from((*PEOPLE, ROBOT)), st.sampled_from(GROUPS))
    holder = st.one_of(
        st.tuples(st.just("member"), st.sampled_from((*PEOPLE, ROBOT))),
        st.tuples(st.just("group"), st.sampled_from(GROUPS)),
    )
    assignment = st.builds(
        Given,
        holder=holder,
        role=st.sampled_from((*OWN, *BUILT_IN)),
        scope=st.sampled_from(range(len(OBJECTS))),
        end=st.sampled_from(("never", "never", "never", "soon", "past", "taken", "swept")),
    )
    policy = st.builds(
        Forbids,
        role=st.sampled_from(("", "", *OWN, "clerk")),
        group=st.sampled_from((None, None, *GROUPS)),
        permission=st.sampled_from(("", *PERMISSIONS)),
        kind=st.sampled_from(("", "Order", "Product", "Tenant")),
        condition=st.sampled_from(tuple(CONDITIONS)),
        state=st.sampled_from(("enabled", "enabled", "disabled", "deleted")),
    )
    state = st.sampled_from(("active", "active", "active", "invited", "suspended", "deleted", "barred"))
    return Company(
        permissions={role: draw(st.frozensets(st.sampled_from(PERMISSIONS), max_size=2)) for role in OWN},
        includes=includes,
        deleted_roles=draw(st.frozensets(st.sampled_from(OWN), max_size=1)),
        belonging=draw(st.frozensets(pairs, max_size=5)),
        left=draw(st.frozensets(pairs, max_size=1)),
        deleted_groups=draw(st.frozensets(st.sampled_from(GROUPS), max_size=1)),
        assignments=tuple(draw(st.lists(assignment, max_size=7, unique_by=lambda g: (g.holder, g.role, g.scope)))),
        states=(*(draw(state) for _ in PEOPLE), draw(st.sampled_from(("active", "active", "disabled", "deleted")))),
        policies=tuple(draw(st.lists(policy, max_size=3))),
    )


def oracle(company: Company, member: int, permission: str, scope: int) -> bool:
    """The rules, said again in the simplest way that is right."""
    if company.states[member] not in ("active", "invited"):
        return False
    counting = list(roles_here(company, member, scope))
    if not any(permission in content(company, role) for role in counting):
        return False
    return not any(forbids(company, policy, member, permission, scope, counting) for policy in company.policies)


def roles_here(company: Company, member: int, scope: int):
    """The roles that somebody was given and that count for this object."""
    for given_ in company.assignments:
        kind, holder = given_.holder
        if kind == "group":
            belongs = (member, holder) in company.belonging - company.left
            if not belongs or holder in company.deleted_groups:
                continue
        elif holder != member:
            continue
        if given_.end in ("never", "soon") and given_.scope in (0, scope):
            yield given_.role


def forbids(company: Company, policy: Forbids, member: int, permission: str, scope: int, counting: list[str]) -> bool:
    kind = ("Tenant", "Order", "Product")[scope]
    groups = {group for one, group in company.belonging - company.left if one == member} - company.deleted_groups
    return (
        policy.state == "enabled"
        and policy.permission in ("", permission)
        and policy.kind in ("", kind)
        and (not policy.role or policy.role in {below for role in counting for below in reached(company, role)})
        and (policy.group is None or policy.group in groups)
        and CONDITIONS[policy.condition](member)
    )


def reached(company: Company, role: str) -> set[str]:
    """A role and all that it includes; nothing of one that is deleted."""
    if role in company.deleted_roles:
        return set()
    return {role}.union(*(reached(company, below) for below in company.includes.get(role, ())))


def content(company: Company, role: str) -> set[str]:
    if role in BUILT_IN:
        return {code for code, permission in declared_permissions().items() if role in permission.default_roles}
    if role in company.deleted_roles:
        return set()
    return set(company.permissions[role]).union(*(content(company, below) for below in company.includes[role]))


class Built:
    """The same company in the database."""

    def __init__(self, company: Company) -> None:
        self.now = timezone.now()
        self.tenant = TenantFactory()
        with tenant(self.tenant.id):
            self.members = self._members(company)
            self.groups = [GroupFactory(deleted_at=self._gone(n in company.deleted_groups)) for n in GROUPS]
            self._roles(company)
            for member, group in company.belonging:
                GroupMemberFactory(
                    group=self.groups[group],
                    member_id=self.members[member],
                    member_kind="service" if member == ROBOT else "user",
                    deleted_at=self._gone((member, group) in company.left),
                )
            for given_ in company.assignments:
                self._assign(given_)
            for policy in company.policies:
                self._forbid(policy)

    def _gone(self, is_gone: bool):
        return self.now if is_gone else None

    def _members(self, company: Company) -> list[UUID]:
        ids = []
        for state in company.states[:-1]:
            status = state if state in ("invited", "suspended") else "active"
            membership = MembershipFactory(roles=(), status=status, deleted_at=self._gone(state == "deleted"))
            if state == "barred":
                membership.user.is_active = False
                membership.user.save()
            ids.append(membership.user_id)
        robot, _ = service_accounts.register_api_client(
            tenant_id=self.tenant.id, name="Robot", roles=[], actor=SYSTEM, now=self.now
        )
        if company.states[ROBOT] == "disabled":
            service_accounts.update_service_account(account_id=UUID(robot), enabled=False, actor=SYSTEM)
        if company.states[ROBOT] == "deleted":
            service_accounts.delete_service_account(account_id=UUID(robot), actor=SYSTEM, now=self.now)
        return [*ids, UUID(robot)]

    def _roles(self, company: Company) -> None:
        for role in OWN:
            RoleFactory(
                code=role,
                permissions=sorted(company.permissions[role]),
                includes=list(company.includes[role]),
                deleted_at=self._gone(role in company.deleted_roles),
            )

    def _assign(self, given_: Given) -> None:
        kind, number = given_.holder
        hour, scope = timedelta(hours=1), OBJECTS[given_.scope]
        ends = {"soon": self.now + hour, "past": self.now - hour, "swept": self.now - hour}
        member_kind = "service" if number == ROBOT else "user"
        RoleAssignmentFactory(
            holder_id=self.groups[number].id if kind == "group" else self.members[number],
            holder_kind="group" if kind == "group" else member_kind,
            role_code=given_.role,
            resource_type=scope.type if scope else "",
            resource_id=scope.id if scope else None,
            expires_at=ends.get(given_.end),
            deleted_at=self._gone(given_.end in ("taken", "swept")),
        )

    def _forbid(self, policy: Forbids) -> None:
        scope = [
            f'principal in Role::"{policy.role}"' if policy.role else "principal",
            f'action == Action::"{policy.permission}"' if policy.permission else "action",
            f"resource is {policy.kind}" if policy.kind else "resource",
        ]
        when = [] if policy.group is None else [f'principal in Group::"{self.groups[policy.group].id}"']
        when += [policy.condition] if policy.condition else []
        conditions = "".join(f" when {{ {condition} }}" for condition in when)
        PolicyFactory(
            text=f"forbid ({', '.join(scope)}){conditions};",
            enabled=policy.state != "disabled",
            deleted_at=self._gone(policy.state == "deleted"),
        )

    def enforced(self, member: int) -> set[tuple[str, int]]:
        """What the principal of a request may do; nothing for whoever is not let in."""
        id_ = str(self.members[member])
        client = id_ if member == ROBOT else django_settings.OIDC_RP_CLIENT_ID
        try:
            with no_tenant():
                principal = iam.principal(claims={"sub": id_, "client_id": client, "tenant": str(self.tenant.id)})
        except Unauthenticated:
            return set()
        return {(p, scope) for p in PERMISSIONS for scope, object_ in enumerate(OBJECTS) if principal.may(p, object_)}

    def explained(self, member: int) -> set[tuple[str, int]]:
        with tenant(self.tenant.id):
            subject = queries.subject_named(str(self.members[member]))
            return {
                (p, scope)
                for p in PERMISSIONS
                for scope, object_ in enumerate(OBJECTS)
                if queries.explained(subject, p, object_, now=timezone.now()).allowed
            }

    def who_can(self, permission: str, scope: int) -> set[UUID]:
        now, object_ = timezone.now(), OBJECTS[scope]
        with tenant(self.tenant.id):
            found = set()
            for kind in ("user", "service"):
                rows = list(queries.who_can(permission, object_, kind=kind, now=now))
                decided = queries.decisions(rows, permission, object_, kind=kind, now=now)
                assert all(decision.paths for _, decision in decided)
                assert all(decision.allowed or decision.verdict.policies for _, decision in decided)
                found |= {subject.id for subject, decision in decided if decision.allowed}
            return found


@settings(
    max_examples=30,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],  # a company takes a second to build: too long for hundreds of smaller ones
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(company=companies())
def test_explanation_enforcement_and_oracle_agree(db, company):
    built = Built(company)

    expected = {
        member: {(p, scope) for p in PERMISSIONS for scope in range(len(OBJECTS)) if oracle(company, member, p, scope)}
        for member in (*PEOPLE, ROBOT)
    }
    for member in (*PEOPLE, ROBOT):
        assert built.enforced(member) == expected[member]
        assert built.explained(member) == expected[member]
    for permission in PERMISSIONS:
        for scope in range(len(OBJECTS)):
            able = {built.members[member] for member in expected if (permission, scope) in expected[member]}
            assert built.who_can(permission, scope) == able
    for policy in company.policies:
        event(f"a policy is {policy.state}")
    event(f"somebody may do {min(3, sum(map(len, expected.values())) // 4)} fours of things")
