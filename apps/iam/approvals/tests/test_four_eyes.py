"""Whatever is done in whatever order, nothing happens by one person alone, and nothing happens twice."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from apps.core.errors import DomainError
from apps.core.history import SYSTEM, Actor
from apps.core.tenancy import tenant
from apps.iam.approvals import commands, kinds
from apps.iam.approvals.errors import ApprovalNeeded
from apps.iam.approvals.gate import require_approval
from apps.iam.approvals.kinds import ApprovalKind, Approved, Ask
from apps.iam.approvals.models import ApprovalRequest
from apps.iam.roles.permissions import RolePermission
from apps.iam.tenants import commands as tenants
from apps.iam.tenants.tests.factories import TenantFactory
from apps.iam.users import commands as users
from apps.iam.users.tests.factories import MembershipFactory

pytestmark = pytest.mark.django_db
PEOPLE = range(4)
KIND = "tests.four_eyes"

# One move: its name, who makes it, who (if anybody) acts in that person's name, and which of some variants.
Move = tuple[str, int, "int | None", int]


def move(*names: str) -> st.SearchStrategy[Move]:
    in_whose_name = st.sampled_from([None, None, None, 0, 1])
    return st.tuples(st.sampled_from(names), st.sampled_from(PEOPLE), in_whose_name, st.integers(0, 2))


# Somebody asks, the world moves on, people decide: in no particular order, but so that most games get somewhere.
ROUND = st.tuples(
    move("ask"),
    st.lists(move("time", "role", "person", "company", "approve"), max_size=2),
    st.lists(move("approve"), min_size=1, max_size=2),
    move("refuse", "withdraw", "carry out", "sweep", "approve", "ask"),
    move("role", "person", "company"),
)
GAMES = st.lists(ROUND, min_size=3, max_size=6)


@dataclass
class Game:
    """Four people of one company, of whom the first two begin as owners; and what this test knows of them itself."""

    now: datetime
    roles: list[str] = field(default_factory=lambda: ["owner", "owner", "manager", "viewer"])
    suspended: list[bool] = field(default_factory=lambda: [False] * len(PEOPLE))
    active: bool = True
    asked: list[UUID] = field(default_factory=list)
    made: list[Approved] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)

    def begin(self) -> None:
        self.company = TenantFactory()
        with tenant(self.company.id):
            self.people = [MembershipFactory(roles=(role,)) for role in self.roles]

    def actor(self, number: int, through: int | None = None) -> Actor:
        person = self.people[number]
        found = Actor(kind="user", id=person.user_id, name=person.name)
        return found if through is None else replace(found, impersonator_id=self.people[through].user_id)

    def execute(self, change: Approved) -> None:
        """As a command does: first the gate, then the effect."""
        facts = {"payload": change.payload, "actor": change.actor, "now": change.now}
        require_approval(KIND, subject_id=self.company.id, **facts)
        self.made.append(change)

    def play(self, what: str, who: int, through: int | None, variant: int) -> None:
        getattr(self, what.replace(" ", "_"))(who, through, variant)
        self.check()

    def ask(self, who: int, through: int | None, variant: int) -> None:
        wanted = Ask(KIND, self.company.id, {"number": variant})
        with pytest.raises(ApprovalNeeded):
            facts = {"payload": wanted.payload, "actor": self.actor(who), "now": self.now}
            require_approval(KIND, subject_id=self.company.id, **facts)
        found = commands.request_approval(ask=wanted, reason="", actor=self.actor(who, through), now=self.now)
        if found.id not in self.asked:
            self.asked.append(found.id)

    def approve(self, who: int, through: int | None, variant: int) -> None:
        request = self.asked[-min(variant or 1, len(self.asked))]
        found = ApprovalRequest.objects.get(id=request)
        may = self.roles[who] == "owner" and not self.suspended[who] and self.active and through is None
        waits = found.status == "requested" and found.expires_at > self.now
        own = self.people[who].user_id in (found.requested_by, found.requested_through)
        try:
            status = commands.approve(approval_id=request, actor=self.actor(who, through), now=self.now).status
        except DomainError as error:
            assert not (may and waits and not own), error
            self.seen[error.code] += 1
        else:
            assert may and waits and not own
            self.seen[status] += 1

    def refuse(self, who: int, through: int | None, variant: int) -> None:
        with contextlib.suppress(DomainError):
            commands.refuse(approval_id=self.asked[-1], actor=self.actor(who, through), now=self.now)

    def withdraw(self, who: int, through: int | None, variant: int) -> None:
        with contextlib.suppress(DomainError):
            commands.withdraw_approval(approval_id=self.asked[-1], actor=self.actor(who, through), now=self.now)

    def carry_out(self, who: int, through: int | None, variant: int) -> None:
        with contextlib.suppress(DomainError):
            commands.carry_out(approval_id=self.asked[-1], now=self.now)

    def sweep(self, who: int, through: int | None, variant: int) -> None:
        commands.expire_approval(approval_id=self.asked[-1], now=self.now)

    def time(self, who: int, through: int | None, variant: int) -> None:
        self.now += timedelta(days=[1, 3, 8][variant])

    def role(self, who: int, through: int | None, variant: int) -> None:
        if who:  # the first one stays an owner, since a company needs one
            self.roles[who] = ["owner", "manager", "viewer"][variant]
            user_id = self.people[who].user_id
            users.change_roles(user_id=user_id, roles_held=[self.roles[who]], actor=SYSTEM, now=self.now)

    def person(self, who: int, through: int | None, variant: int) -> None:
        if who:
            self.suspended[who] = variant == 0
            users.update_member(user_id=self.people[who].user_id, suspended=self.suspended[who], actor=SYSTEM)

    def company_(self, variant: int) -> None:
        self.active = variant > 0
        (tenants.reinstate_tenant if self.active else tenants.suspend_tenant)(tenant_id=self.company.id)

    def check(self) -> None:
        """What happened was approved by somebody else, happened once, and is what counts as done."""
        done = {one.id: one for one in ApprovalRequest.objects.filter(status="executed")}
        assert sorted(done, key=str) == sorted((change.approval_id for change in self.made), key=str)
        for change in self.made:
            request = done[change.approval_id]
            assert change.approved_by == request.decided_by
            assert change.approved_by not in (request.requested_by, request.requested_through)


@contextlib.contextmanager
def game() -> Iterator[Game]:
    """A game whose rows are gone afterwards."""
    with transaction.atomic(using="default"):
        made = Game(timezone.now())
        made.begin()
        kinds.register(
            ApprovalKind(
                code=KIND,
                label="Anything",
                describe=lambda payload: f"change {payload['number']}",
                execute=made.execute,
                asker=RolePermission.ASSIGN,
                always=True,
            )
        )
        try:
            with tenant(made.company.id):
                yield made
        finally:
            kinds._forget(KIND)
            transaction.set_rollback(True, using="default")


@pytest.mark.slow
def test_no_sequence_gets_around_the_second_person():
    seen: Counter[str] = Counter()

    # A failure names its moves; making them fewer would take minutes.
    @settings(
        max_examples=40, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )
    @given(rounds=GAMES)
    def play(rounds: list[tuple[Move, list[Move], list[Move], Move, Move]]) -> None:
        with game() as played:
            for asking, meanwhile, deciding, ending, after in rounds:
                for what, who, through, variant in [asking, *meanwhile, *deciding, ending, after]:
                    if what == "company":
                        played.company_(variant)
                    else:
                        played.play(what, who, through, variant)
            seen.update(played.seen)

    play()

    assert {"executed", "failed", "not_your_own", "not_in_anothers_name", "missing_permission"} <= set(seen), seen
