"""Two administrators who each give one half of what nobody may hold together, at the same moment: one is refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections
from django.utils import timezone

from apps.core.db.ids import uuid7
from apps.core.history import SYSTEM
from apps.core.tenancy import tenant
from apps.iam.roles import commands, separation
from apps.iam.roles.errors import SeparationOfDutyViolated
from apps.iam.roles.tests.factories import RoleFactory


@pytest.mark.django_db(transaction=True)
def test_of_two_who_each_give_one_half_one_is_refused(company, monkeypatch):
    for code in ("payer", "approver"):
        RoleFactory(code=code, permissions=[])
    commands.create_rule(name="Four eyes", roles=("payer", "approver"), actor=SYSTEM, now=timezone.now())
    holder, written, check = uuid7(), Barrier(2, timeout=10), separation.require_apart

    def once_both_have_written(*args, **kwargs):
        written.wait()
        check(*args, **kwargs)

    monkeypatch.setattr(separation, "require_apart", once_both_have_written)

    def give(role):
        try:
            with tenant(company.id):
                commands.grant_role(holder_id=holder, holder_kind="user", role=role, actor=SYSTEM, now=timezone.now())
        except SeparationOfDutyViolated as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as threads:
        outcomes = list(threads.map(give, ("payer", "approver")))

    assert outcomes.count(None) == 1
