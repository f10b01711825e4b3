"""Recovery codes: made anew as a whole, used up one by one."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from apps.core.events import unit_of_work
from apps.core.history import Actor
from apps.iam.audit.kinds import Kind as Happening
from apps.iam.authenticators import queries, recovery
from apps.iam.authenticators.commands.limits import refuse_others
from apps.iam.authenticators.commands.telling import alert, tell
from apps.iam.authenticators.errors import NoSecondFactor, WrongCode
from apps.iam.authenticators.models import RecoveryCodes
from apps.iam.users import queries as users


def make_recovery_codes(*, user_id: UUID, actor: Actor, now: datetime) -> list[str]:
    """Ten new codes, kept nowhere in clear: shown once. The old ones are good no longer.

    Raises NoSecondFactor, UserNotFound, NotWhileImpersonating, PeopleOnly.
    """
    refuse_others(actor)
    with unit_of_work(RecoveryCodes, actor=actor):
        user = users.lock_user(user_id)
        if not queries.kinds_of(user_id):
            raise NoSecondFactor
        codes = recovery.new_codes()
        kept = RecoveryCodes.objects.filter(user_id=user_id).first() or RecoveryCodes(user_id=user_id)
        kept.fingerprints = [recovery.fingerprint(code, user_id=user_id) for code in codes]
        kept.made_at, kept.last_used_at = now, None
        kept.save()
        tell(Happening.RECOVERY_CODES_MADE, user_id=user_id, actor=actor, details={"count": str(len(codes))})
        alert(user, "New recovery codes were made for your account.", now=now)
    return codes


def first_recovery_codes(*, user_id: UUID, actor: Actor, now: datetime) -> list[str] | None:
    """The first codes of somebody who has just set up a second factor; None for whoever has some already.

    Raises as `make_recovery_codes` does.
    """
    with unit_of_work(RecoveryCodes, actor=actor):
        users.lock_user(user_id)
        if RecoveryCodes.objects.filter(user_id=user_id).exists():
            return None
        return make_recovery_codes(user_id=user_id, actor=actor, now=now)


def use_recovery_code(*, user_id: UUID, code: str, actor: Actor, now: datetime) -> int:
    """Use up one code. Returns how many are left. Raises WrongCode."""
    with unit_of_work(RecoveryCodes, actor=actor):
        kept = RecoveryCodes.objects.select_for_update().filter(user_id=user_id).first()
        used = kept and recovery.find(code, kept.fingerprints, user_id=user_id)
        if kept is None or not used:
            raise WrongCode
        left = [one for one in kept.fingerprints if one != used]
        QuerySet(RecoveryCodes, using=None).filter(id=kept.id).update(fingerprints=left, last_used_at=now)
        tell(Happening.RECOVERY_CODE_USED, user_id=user_id, actor=actor, details={"left": str(len(left))})
        alert(users.user(user_id), f"A recovery code was used to sign in. You have {len(left)} left.", now=now)
    return len(left)
