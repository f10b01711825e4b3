"""Add somebody to the current tenant without an invitation."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from apps.core.events import unit_of_work
from apps.core.history import Actor
from apps.iam.users.commands.enrolment import enrol, find_or_create_user
from apps.iam.users.models import Membership


def add_member(
    *, email: str, name: str, roles: Iterable[str], password: str | None, actor: Actor, now: datetime
) -> tuple[Membership, bool]:
    """Make somebody a member at once, for the first owner and for demonstration data. True if the person is new.

    The password is given to a new person only; None for somebody who signs in otherwise. Raises as `invite_member`
    does.
    """
    with unit_of_work(Membership, actor=actor) as work:
        user, is_new = find_or_create_user(email=email, name=name, password=password)
        membership = enrol(work, user=user, name=name, role_codes=roles, actor=actor, now=now, joined=True)
    return membership, is_new
