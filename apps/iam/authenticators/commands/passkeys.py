"""Passkeys: registered, and used to sign in. A ceremony is begun here and its answer judged here."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn
from uuid import UUID

from django.db.models import QuerySet

from apps.core.events import unit_of_work
from apps.core.history import Actor
from apps.core.observability import get_logger
from apps.iam.audit.kinds import Kind as Happening
from apps.iam.audit.kinds import Outcome
from apps.iam.authenticators import challenges, queries, webauthn
from apps.iam.authenticators.commands.limits import refuse_others, valid_name
from apps.iam.authenticators.commands.telling import alert, tell
from apps.iam.authenticators.errors import PasskeyRefused, PasskeysUnavailable, TooManyPasskeys
from apps.iam.authenticators.models import Passkey, PasskeyHandle
from apps.iam.users import queries as users

LIMIT = 20
_HANDLE_BYTES = 32
_logger = get_logger("iam.authenticators")


@dataclass(frozen=True, slots=True)
class Ceremony:
    """What the browser is given: options as WebAuthn's JSON, and a state to send back with the answer."""

    options: dict[str, Any]
    state: str


@dataclass(frozen=True, slots=True)
class Assertion:
    """A browser's answer: AuthenticationResponseJSON, and the state of the ceremony in the place it was begun for."""

    answer: Any
    state: str
    place: str


def begin_passkey(*, user_id: UUID, actor: Actor, place: str) -> Ceremony:
    """Options for making a passkey. `place` names the session in which the answer must come.

    Raises PasskeysUnavailable, TooManyPasskeys, UserNotFound, NotWhileImpersonating, PeopleOnly.
    """
    refuse_others(actor)
    _refuse_where_unavailable()
    user, held = users.user(user_id), queries.held_by(user_id).passkeys
    if len(held) >= LIMIT:
        raise TooManyPasskeys
    challenge, state = challenges.issue(f"registration|{place}")
    options = webauthn.registration_options(
        challenge=challenge,
        handle=_handle_of(user_id),
        account=user.email,
        display_name=user.name,
        existing=[_known(passkey) for passkey in held],
    )
    return Ceremony(options, state)


def add_passkey(
    *, user_id: UUID, answer: Any, state: str, place: str, name: str, actor: Actor, now: datetime
) -> Passkey:
    """Keep the passkey that the browser made. Raises ChallengeUnknown, PasskeyRefused, TooManyPasskeys, InvalidName,
    PasskeysUnavailable, NotWhileImpersonating, PeopleOnly.
    """
    refuse_others(actor)
    _refuse_where_unavailable()
    name = valid_name(name)
    challenge = challenges.redeem(state, f"registration|{place}")
    try:
        made = webauthn.verify_registration(answer, challenge=challenge)
    except webauthn.Refused as error:
        _refuse(str(error), user_id=user_id, actor=actor)
    with unit_of_work(Passkey, actor=actor):
        user = users.lock_user(user_id)
        if Passkey.objects.filter(user_id=user_id).count() >= LIMIT:
            raise TooManyPasskeys
        if Passkey.objects.filter(credential_id=made.credential_id).exists():
            # An authenticator that honours excludeCredentials makes a new id each time (WebAuthn §7.1, step 26).
            raise PasskeyRefused("this passkey is registered already")
        passkey = Passkey(
            user=user,
            name=name,
            credential_id=made.credential_id,
            public_key=made.public_key,
            aaguid=made.aaguid,
            transports=made.transports,
            sign_count=made.sign_count,
            is_synced=made.is_synced,
        )
        passkey.save()
        details = {"authenticator_id": str(passkey.id), "name": name}
        tell(Happening.PASSKEY_ADDED, user_id=user_id, actor=actor, details=details)
        alert(user, f"A passkey was added to your account: {name}.", now=now)
    return passkey


def begin_passkey_sign_in(*, place: str, user_id: UUID | None = None) -> Ceremony:
    """Options for using a passkey: any that the browser knows, or one of this person's. Raises PasskeysUnavailable."""
    _refuse_where_unavailable()
    challenge, state = challenges.issue(f"sign-in|{place}")
    allowed = queries.held_by(user_id).passkeys if user_id else []
    options = webauthn.authentication_options(challenge=challenge, allowed=[_known(passkey) for passkey in allowed])
    return Ceremony(options, state)


def check_passkey(*, assertion: Assertion, now: datetime, user_id: UUID | None = None) -> Passkey:
    """The passkey that was used; its person has shown to have it and was verified by it. With `user_id` it must be
    theirs.

    A refusal is recorded where it concerns a passkey that we know. Raises ChallengeUnknown, PasskeyRefused.
    """
    challenge = challenges.redeem(assertion.state, f"sign-in|{assertion.place}")
    try:
        credential_id = webauthn.credential_id_in(assertion.answer)
    except webauthn.Refused as error:
        raise PasskeyRefused from error
    found = Passkey.objects.filter(credential_id=credential_id).first()
    if found is None or (user_id is not None and found.user_id != user_id):
        raise PasskeyRefused("this passkey is not known here: use another one, or your password")
    try:
        _require_own_handle(assertion.answer, found)
        asserted = webauthn.verify_authentication(assertion.answer, challenge=challenge, known=_known(found))
        return _counted(found, asserted, now)
    except webauthn.Refused as error:
        _refuse(str(error), user_id=found.user_id, passkey=found)


def _counted(found: Passkey, asserted: webauthn.Asserted, now: datetime) -> Passkey:
    """Keep the authenticator's counter. Raises Refused where it did not grow: the key was copied (WebAuthn §7.2)."""
    with unit_of_work(Passkey):
        passkey: Passkey | None = Passkey.objects.select_for_update().filter(id=found.id).first()
        if passkey is None:
            raise webauthn.Refused("the passkey was removed meanwhile")
        counts = asserted.sign_count > 0 or passkey.sign_count > 0
        if counts and asserted.sign_count <= passkey.sign_count:
            raise webauthn.Refused(
                f"the signature counter went from {passkey.sign_count} to {asserted.sign_count}: there is a copy"
            )
        # Not a change of the passkey: its version stays as it is.
        QuerySet(Passkey, using=None).filter(id=passkey.id).update(
            sign_count=asserted.sign_count, is_synced=asserted.is_synced, last_used_at=now
        )
    passkey.sign_count, passkey.last_used_at = asserted.sign_count, now
    return passkey


def _require_own_handle(answer: Any, found: Passkey) -> None:
    handle = webauthn.handle_in(answer)
    if handle is not None and handle != queries.handle_of(found.user_id):
        raise webauthn.Refused("the passkey names somebody else")


def _handle_of(user_id: UUID) -> bytes:
    """The person's handle, made now if need be."""
    with unit_of_work(PasskeyHandle):
        PasskeyHandle.objects.bulk_create(
            [PasskeyHandle(user_id=user_id, handle=secrets.token_bytes(_HANDLE_BYTES))], ignore_conflicts=True
        )
        return bytes(PasskeyHandle.objects.get(user_id=user_id).handle)


def _known(passkey: Passkey) -> webauthn.Known:
    return webauthn.Known(bytes(passkey.credential_id), bytes(passkey.public_key), tuple(passkey.transports))


def _refuse(why: str, *, user_id: UUID, actor: Actor | None = None, passkey: Passkey | None = None) -> NoReturn:
    """Tell the security log why, and the person no more than that it did not work. Raises PasskeyRefused."""
    _logger.warning("a passkey was refused", reason=why)
    details = {"authenticator_id": str(passkey.id), "name": passkey.name} if passkey else {}
    tell(
        Happening.PASSKEY_REFUSED,
        user_id=user_id,
        outcome=Outcome.DENIED,
        actor=actor,
        reason=why,
        details=details,
    )
    refusal = PasskeyRefused()
    refusal.is_recorded = True
    raise refusal


def _refuse_where_unavailable() -> None:
    if not webauthn.is_available():
        raise PasskeysUnavailable
