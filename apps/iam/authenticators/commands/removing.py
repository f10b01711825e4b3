"""A person renames and removes their own second factors."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from apps.core.events import unit_of_work
from apps.core.history import Actor
from apps.iam.audit.kinds import Kind as Happening
from apps.iam.authenticators import queries
from apps.iam.authenticators.commands.limits import check_version, refuse_last, refuse_others, valid_name
from apps.iam.authenticators.commands.telling import alert, tell
from apps.iam.authenticators.models import Kind, Passkey, RecoveryCodes, Totp
from apps.iam.users import queries as users

_TOLD = {Kind.PASSKEY: Happening.PASSKEY_REMOVED, Kind.TOTP: Happening.TOTP_DISABLED}


def rename_authenticator(
    *, user_id: UUID, authenticator_id: UUID, name: str, actor: Actor, expected_version: int | None = None
) -> Passkey | Totp:
    """Give a second factor another name. Safe to repeat. Raises AuthenticatorNotFound, InvalidName,
    PreconditionFailed, NotWhileImpersonating, PeopleOnly.
    """
    refuse_others(actor)
    with unit_of_work(Passkey, actor=actor):
        found = queries.lock_authenticator(user_id, authenticator_id)
        check_version(found.version, expected_version)
        name = valid_name(name)
        if found.name != name:
            found.name = name
            found.save(update_fields=["name"])
    return found


def remove_authenticator(
    *, user_id: UUID, authenticator_id: UUID, actor: Actor, now: datetime, expected_version: int | None = None
) -> None:
    """Forget a second factor; with the last one the recovery codes go too.

    Raises AuthenticatorNotFound, SecondFactorRequired, PreconditionFailed, NotWhileImpersonating, PeopleOnly.
    """
    refuse_others(actor)
    with unit_of_work(Passkey, actor=actor):
        user = users.lock_user(user_id)
        found = queries.lock_authenticator(user_id, authenticator_id)
        check_version(found.version, expected_version)
        if isinstance(found, Totp) and found.confirmed_at is None:
            found.delete()
            return
        held = queries.held_by(user_id)
        left = frozenset(one.kind for one in held.factors if one.id != found.id)
        if found.kind not in left:
            refuse_last(user_id, left, held.kinds)
        forget(found, actor=actor)
        alert(user, f"A second factor was removed from your account: {found.name}.", now=now)
        if not left:
            RecoveryCodes.objects.filter(user_id=user_id).delete()


def forget(found: Passkey | Totp, *, actor: Actor, reason: str = "") -> None:
    """Delete a second factor and tell of it."""
    details = {"authenticator_id": str(found.id), "name": found.name}
    found.delete()
    tell(_TOLD[found.kind], user_id=found.user_id, actor=actor, reason=reason, details=details)
