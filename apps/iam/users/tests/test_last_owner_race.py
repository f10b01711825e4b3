"""Two owners who throw each other out at the same moment: one stays."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections
from django.utils import timezone

from apps.core.errors import DomainError
from apps.core.tenancy import tenant
from apps.iam.roles import queries as roles
from apps.iam.users import commands


@pytest.mark.django_db(transaction=True)
def test_one_of_two_owners_survives_their_quarrel(company, member, actor_of):
    one, other = member("owner"), member("owner")
    together = Barrier(2, timeout=10)

    def throw_out(victim, rival):
        try:
            with tenant(company.id):
                together.wait()
                commands.delete_member(user_id=victim.user_id, actor=actor_of(rival), now=timezone.now())
        except DomainError as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as threads:
        outcomes = list(threads.map(throw_out, (one, other), (other, one)))

    assert outcomes.count(None) == 1
    assert sum(roles.is_owner(membership.user_id) for membership in (one, other)) == 1
