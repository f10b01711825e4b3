"""Authenticator apps: set up, confirmed by a code, and their codes taken once each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet

from apps.core.crypto.sealing import seal, unseal
from apps.core.events import unit_of_work
from apps.core.history import Actor
from apps.iam.audit.kinds import Kind as Happening
from apps.iam.authenticators import totp
from apps.iam.authenticators.commands.limits import refuse_others, valid_name
from apps.iam.authenticators.commands.telling import alert, tell
from apps.iam.authenticators.errors import AuthenticatorNotFound, TotpExists, WrongCode
from apps.iam.authenticators.models import Totp
from apps.iam.users import queries as users

_PURPOSE = "totp"


@dataclass(frozen=True, slots=True)
class NewTotp:
    """An app that is being set up; the secret is shown once, as text and as the address in a QR code."""

    authenticator: Totp
    secret: str
    uri: str


def begin_totp(*, user_id: UUID, actor: Actor, name: str = "Authenticator app") -> NewTotp:
    """Make a secret for an authenticator app. It counts for nothing until `confirm_totp`; an older one that was never
    confirmed is forgotten. Raises TotpExists, InvalidName, UserNotFound, NotWhileImpersonating, PeopleOnly.
    """
    refuse_others(actor)
    with unit_of_work(Totp, actor=actor):
        user = users.lock_user(user_id)
        if Totp.objects.filter(user_id=user_id, confirmed_at__isnull=False).exists():
            raise TotpExists
        Totp.objects.filter(user_id=user_id, confirmed_at__isnull=True).delete()
        secret = totp.new_secret()
        made = Totp(user=user, name=valid_name(name))
        made.sealed_secret = seal(secret, purpose=_PURPOSE, place=str(made.id))
        made.save()
    uri = totp.provisioning_uri(secret, account=user.email, issuer=settings.PASSKEY_RP_NAME)
    return NewTotp(made, totp.text_key(secret), uri)


def new_totp(*, user_id: UUID, authenticator_id: UUID) -> NewTotp:
    """What `begin_totp` gave, while it waits for its first code: for a form that is shown again.

    Raises AuthenticatorNotFound.
    """
    found = Totp.objects.filter(user_id=user_id, id=authenticator_id, confirmed_at__isnull=True).first()
    if found is None:
        raise AuthenticatorNotFound
    secret, email = _secret_of(found), users.user(user_id).email
    uri = totp.provisioning_uri(secret, account=email, issuer=settings.PASSKEY_RP_NAME)
    return NewTotp(found, totp.text_key(secret), uri)


def confirm_totp(*, user_id: UUID, authenticator_id: UUID, code: str, actor: Actor, now: datetime) -> Totp:
    """Take the app as a second factor, now that a code shows that it works. Safe to repeat, with any code.

    Raises AuthenticatorNotFound, WrongCode, TotpExists, NotWhileImpersonating, PeopleOnly.
    """
    refuse_others(actor)
    with unit_of_work(Totp, actor=actor):
        user = users.lock_user(user_id)
        found = Totp.objects.select_for_update().filter(user_id=user_id, id=authenticator_id).first()
        if found is None:
            raise AuthenticatorNotFound
        if found.confirmed_at is not None:
            return found
        step = totp.matching_step(_secret_of(found), code, now=now, after=0)
        if step is None:
            raise WrongCode
        if Totp.objects.filter(user_id=user_id, confirmed_at__isnull=False).exists():
            raise TotpExists
        found.confirmed_at, found.last_step, found.last_used_at = now, step, now
        found.save(update_fields=["confirmed_at", "last_step", "last_used_at"])
        tell(Happening.TOTP_ENABLED, user_id=user_id, actor=actor, details={"authenticator_id": str(found.id)})
        alert(user, f"An authenticator app was added to your account: {found.name}.", now=now)
    return found


def check_totp(*, user_id: UUID, code: str, now: datetime) -> Totp:
    """Use up a code of the person's app. The same code, or an older one, is not taken a second time (RFC 6238 §5.2).

    Raises WrongCode.
    """
    with unit_of_work(Totp):
        found = Totp.objects.select_for_update().filter(user_id=user_id, confirmed_at__isnull=False).first()
        step = found and totp.matching_step(_secret_of(found), code, now=now, after=found.last_step)
        if found is None or step is None:
            raise WrongCode
        # Not a change of the authenticator: its version stays as it is.
        QuerySet(Totp, using=None).filter(id=found.id).update(last_step=step, last_used_at=now)
    found.last_step, found.last_used_at = step, now
    return found


def _secret_of(found: Totp) -> bytes:
    return unseal(bytes(found.sealed_secret), purpose=_PURPOSE, place=str(found.id))
