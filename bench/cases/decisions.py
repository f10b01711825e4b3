"""What a decision costs, and whether that depends on how many roles, assignments and tenants there are besides."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.db import connection
from django.utils import timezone

from apps.core.auth import Principal
from apps.core.db.ids import uuid7
from apps.core.tenancy import tenant
from apps.iam.groups.models import Group, GroupMember
from apps.iam.roles.models import Role, RoleAssignment
from apps.iam.roles.queries import granted_to
from bench.harness import Bench

ROUNDS = 300
ROLES, HOLDERS = 200, 800
CHAIN = 3
FEW, MANY = 2, 40


def run(bench: Bench) -> None:
    tenants: list[tuple[UUID, UUID, UUID]] = [_filled(uuid7(), roles=8, holders=20)]
    bench_of = {"a tenant of 8 roles and 20 people": tenants[0]}
    tenants += [_filled(uuid7(), roles=ROLES, holders=HOLDERS) for _ in range(FEW)]
    bench_of[f"{FEW} tenants of {ROLES} roles and {HOLDERS} people"] = tenants[-1]
    _compare(bench, bench_of)
    tenants += [_filled(uuid7(), roles=ROLES, holders=HOLDERS) for _ in range(MANY - FEW)]
    bench_of[f"{MANY} of them"] = tenants[-1]
    _compare(bench, bench_of)
    _decide(bench, tenants[-1])


def _compare(bench: Bench, places: dict[str, tuple[UUID, UUID, UUID]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("analyze")
    bench.compare(
        "What somebody holds: four assignments, a group, roles of the tenant's own three deep",
        "principals",
        {name: _reading(place) for name, place in places.items()},
        note="Without a group and own roles beside it: two built-in roles.",
    )
    bench.compare(
        "The same for two built-in roles",
        "principals",
        {name: _reading(place, plain=True) for name, place in places.items()},
    )


def _reading(place: tuple[UUID, UUID, UUID], *, plain: bool = False) -> Callable[[], int]:
    tenant_id, rich, poor = place

    def read() -> int:
        with tenant(tenant_id):
            for _ in range(ROUNDS):
                assert granted_to(poor if plain else rich).permissions
        return ROUNDS

    return read


def _decide(bench: Bench, place: tuple[UUID, UUID, UUID]) -> None:
    tenant_id, rich, _ = place
    with tenant(tenant_id):
        granted = granted_to(rich)
    principal = Principal(
        subject=rich, kind="user", tenant_id=tenant_id, permissions=granted.permissions, holdings=granted.holdings
    )

    def asking(permission: str) -> Callable[[], int]:
        def ask() -> int:
            for _ in range(ROUNDS):
                principal.may(permission)
            return ROUNDS

        return ask

    bench.compare(
        "A decision, once the caller is known",
        "decisions",
        {"held": asking("users.view"), "not held by anything": asking("roles.assign_owner")},
    )


def _filled(tenant_id: UUID, *, roles: int, holders: int) -> tuple[UUID, UUID, UUID]:
    """A tenant's data, written past the commands. Returns it with somebody of many roles and somebody of two."""
    codes = [f"role-{n}" for n in range(roles)]
    now = timezone.now()
    with tenant(tenant_id):
        Role.objects.bulk_create(
            Role(
                code=code,
                name=code,
                permissions=["users.view", "orders.cancel"],
                includes=[] if n % CHAIN == 0 else [codes[n - 1]],
                created_at=now,
            )
            for n, code in enumerate(codes)
        )
        group = Group(name="Bench", name_key="bench")
        group.save()
        people = [uuid7() for _ in range(holders)]
        held = [(person, code) for n, person in enumerate(people) for code in _of(n, codes)]
        RoleAssignment.objects.bulk_create(RoleAssignment(holder_id=id_, role_code=code) for id_, code in held)
        RoleAssignment.objects.create(holder_id=group.id, holder_kind="group", role_code=codes[CHAIN - 1])
        GroupMember.objects.bulk_create(GroupMember(group=group, member_id=person) for person in people[:-1])
    return tenant_id, people[0], people[-1]


def _of(n: int, codes: list[str]) -> list[str]:
    own = [codes[(n * CHAIN + step * CHAIN + CHAIN - 1) % len(codes)] for step in range(2)]
    return ["clerk", "viewer"] if n % 10 == 9 else ["clerk", "viewer", *dict.fromkeys(own)]
