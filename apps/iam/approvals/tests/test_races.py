"""Two at the same moment. These tests commit, in threads with connections of their own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections

from apps.core.errors import DomainError
from apps.core.tenancy import tenant
from apps.iam.approvals import commands, queries
from apps.iam.roles import commands as roles
from apps.iam.users import commands as users

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 5


def at_once(company, *calls):
    """What each call returned or refused with, all begun at the same moment."""
    start = Barrier(len(calls))

    def run(call):
        try:
            with tenant(company.id):
                start.wait(10)
                return call()
        except DomainError as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result(30) for future in [pool.submit(run, call) for call in calls]]


def codes(outcomes):
    return sorted(getattr(one, "code", None) or one.status for one in outcomes)


@pytest.fixture
def owners(company, owner, member, actor_of):
    """Three owners, so that two can decide on what the first one asked for."""
    return [actor_of(owner), actor_of(member("owner")), actor_of(member("owner"))]


class TestTwoAtOnce:
    def test_approvals_make_the_change_once(self, company, owners, ask, launches, now):
        for number in range(ROUNDS):
            request = ask(owners[0], f"rocket {number}")

            outcomes = at_once(
                company,
                *(
                    lambda who=who: commands.approve(approval_id=request.id, actor=who, now=now)  # noqa: B023
                    for who in owners[1:]
                ),
            )

            assert codes(outcomes) == ["already_decided", "executed"]
            assert len(launches.made) == number + 1

    def test_approval_and_withdrawal_end_in_one_of_the_two(self, company, owners, ask, launches, now):
        for number in range(ROUNDS):
            request, before = ask(owners[0], f"rocket {number}"), len(launches.made)

            outcomes = at_once(
                company,
                lambda: commands.approve(approval_id=request.id, actor=owners[1], now=now),  # noqa: B023
                lambda: commands.withdraw_approval(approval_id=request.id, actor=owners[0], now=now),  # noqa: B023
            )

            assert codes(outcomes) in (["already_decided", "executed"], ["already_decided", "withdrawn"])
            assert len(launches.made) - before == (1 if "executed" in codes(outcomes) else 0)

    def test_jobs_make_the_change_once(self, company, owners, ask, launches, now):
        request = ask(owners[0], kind="tests.job_launch")
        commands.approve(approval_id=request.id, actor=owners[1], now=now)
        del launches.made[:]  # in case a worker of another test were to listen

        outcomes = at_once(company, *[lambda: commands.carry_out(approval_id=request.id, now=now)] * 3)

        assert codes(outcomes) == ["executed"] * 3
        assert len(launches.made) == 1

    def test_the_same_wish_is_asked_for_once(self, company, owners, ask):
        outcomes = at_once(company, *[lambda: ask(owners[0])] * 3)

        assert len({one.id for one in outcomes}) == 1

    def test_an_approver_who_loses_the_role_either_decided_before_or_not_at_all(
        self, company, owners, ask, launches, now
    ):
        asker, approver, admin = owners
        request = ask(asker)

        approved, _ = at_once(
            company,
            lambda: commands.approve(approval_id=request.id, actor=approver, now=now),
            lambda: users.change_roles(user_id=approver.id, roles_held=["viewer"], actor=admin, now=now),
        )

        assert codes([approved]) in (["executed"], ["missing_permission"])
        assert len(launches.made) == (1 if approved.__class__.__name__ == "ApprovalRequest" else 0)
        assert not queries.roles.is_owner(approver.id)
        assert roles.assign_roles  # the roles of the others are what they were
