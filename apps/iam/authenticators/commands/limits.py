"""What the commands of this feature refuse, each in one place."""

from __future__ import annotations

from uuid import UUID

from apps.core.auth import NotWhileImpersonating
from apps.core.errors import PreconditionFailed
from apps.core.history import Actor
from apps.iam.authenticators import queries
from apps.iam.authenticators.errors import InvalidName, PeopleOnly, SecondFactorRequired
from apps.iam.authenticators.models import NAME_LENGTH


def refuse_others(actor: Actor) -> None:
    """Raises PeopleOnly, NotWhileImpersonating: credentials are managed by the person alone."""
    if actor.kind == "service":
        raise PeopleOnly
    if actor.impersonator_id is not None:
        raise NotWhileImpersonating


def check_version(found: int, expected: int | None) -> None:
    """Raises PreconditionFailed when the caller decided on an older version. Call it under the lock."""
    if expected is not None and found != expected:
        raise PreconditionFailed(version=found)


def valid_name(name: str) -> str:
    """The name of an authenticator. Raises InvalidName."""
    plain = " ".join(name.split())
    if not plain or len(plain) > NAME_LENGTH or not plain.isprintable():
        raise InvalidName(errors={"name": [f"1 to {NAME_LENGTH} characters"]})
    return plain


def refuse_last(user_id: UUID, kinds_left: frozenset[str], kinds_before: frozenset[str]) -> None:
    """Raises SecondFactorRequired when a tenant would lose the last factor of a kind that it asks for."""
    for asked in queries.requirements_everywhere(user_id).values():
        if asked.is_required and asked.methods & kinds_before and not asked.methods & kinds_left:
            raise SecondFactorRequired
