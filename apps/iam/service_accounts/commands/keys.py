"""Make, rotate and revoke API keys. The key itself is returned once and kept nowhere."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings

from apps.core.auth import api_keys
from apps.core.events import unit_of_work
from apps.core.history import Actor
from apps.core.tenancy import require_tenant_id
from apps.iam.audit.commands import record_security_event
from apps.iam.audit.kinds import Kind
from apps.iam.roles import queries as roles
from apps.iam.service_accounts import queries
from apps.iam.service_accounts.commands.validation import valid_expiry, valid_key_name, valid_overlap, valid_scopes
from apps.iam.service_accounts.errors import ApiKeyIsOver, NotByApiKey, TooManyApiKeys
from apps.iam.service_accounts.models import ApiKey
from apps.iam.users import queries as users

_SERVICE, _USER = ApiKey.HolderKind.SERVICE, ApiKey.HolderKind.USER


@dataclass(frozen=True, slots=True)
class Issued:
    """A new key's row, and the key itself, which is shown now and never again."""

    row: ApiKey
    secret: str


def create_key(
    *,
    holder_id: UUID,
    name: str,
    actor: Actor,
    now: datetime,
    holder_kind: str = _SERVICE,
    scopes: Iterable[str] | None = None,
    expires_at: datetime | None = None,
) -> Issued:
    """Make a key of a service account, or of the actor's own (`holder_kind="user"`).

    Without `scopes` it allows all that its holder may do, now and later; without `expires_at` it is good for
    API_KEY_DAYS. Nobody makes a key that allows more than they hold themselves. Raises ServiceAccountNotFound,
    ServiceAccountIsDeleted, ApiKeyDescribedWrongly, TooManyApiKeys, BeyondOwnPermissions, NotByApiKey.
    """
    with unit_of_work(ApiKey, actor=actor):
        _lock_holder(holder_kind, holder_id, actor)
        held = roles.permissions_of(holder_id, kind=holder_kind)
        allowed = valid_scopes(scopes, held=held)
        row = ApiKey(
            holder_kind=holder_kind,
            holder_id=holder_id,
            name=valid_key_name(name),
            scopes=allowed,
            expires_at=valid_expiry(expires_at, now=now),
        )
        roles.require_within_own(actor, _reach(row, held))
        return _issued(row, now=now)


def rotate_key(
    *,
    holder_id: UUID,
    key_id: UUID,
    actor: Actor,
    now: datetime,
    overlap_s: int,
    holder_kind: str = _SERVICE,
    expires_at: datetime | None = None,
) -> Issued:
    """Make a key that may do what an old one may; the old one stays good for the overlap, so that nothing fails while
    the new one is put in its place.

    Raises ServiceAccountNotFound, ApiKeyNotFound, ApiKeyIsOver, ApiKeyDescribedWrongly, TooManyApiKeys,
    BeyondOwnPermissions, NotByApiKey.
    """
    overlap = valid_overlap(overlap_s)
    with unit_of_work(ApiKey, actor=actor):
        _lock_holder(holder_kind, holder_id, actor)
        old = queries.lock_key(holder_id, key_id)
        if old.state_at(now) != "active":
            raise ApiKeyIsOver
        roles.require_within_own(actor, _reach(old, roles.permissions_of(holder_id, kind=holder_kind)))
        old.end_by(now + overlap)
        old.save(update_fields=["expires_at"])
        row = ApiKey(
            holder_kind=holder_kind,
            holder_id=holder_id,
            name=old.name,
            scopes=old.scopes,
            expires_at=valid_expiry(expires_at, now=now),
            replaces_id=old.id,
        )
        return _issued(row, now=now, spare=0 if overlap else 1)


def revoke_key(*, holder_id: UUID, key_id: UUID, actor: Actor, now: datetime, holder_kind: str = _SERVICE) -> ApiKey:
    """End a key at once, in every process: each use asks the database. Anybody who may manage the holder may end a key,
    however much it allows. Safe to repeat. Raises ApiKeyNotFound, NotByApiKey.
    """
    with unit_of_work(ApiKey, actor=actor):
        if holder_kind == _USER:
            _require_oneself(holder_id, actor)
        row = queries.lock_key(holder_id, key_id)
        if row.revoked_at is None:
            row.revoke(at=now, by=actor.id)
            row.save(update_fields=["revoked_at", "revoked_by"])
            record_security_event(Kind.API_KEY_REVOKED, subject_id=holder_id, details=_details(row))
    return queries.key_of(holder_id, key_id)


def _lock_holder(kind: str, holder_id: UUID, actor: Actor) -> None:
    """Make sure that the holder exists and may be given a key; keys of one holder are made one after the other."""
    if kind == _USER:
        _require_oneself(holder_id, actor)
        users.lock_member(holder_id)
    else:
        queries.lock_service_account(holder_id).must_exist()


def _require_oneself(holder_id: UUID, actor: Actor) -> None:
    by_themselves = actor.kind == "user" and actor.limited_to is None and actor.impersonator_id is None
    if not by_themselves or actor.id != holder_id:
        raise NotByApiKey


def _issued(row: ApiKey, *, now: datetime, spare: int = 0) -> Issued:
    if queries.live_keys_count(row.holder_id, now=now) - spare >= settings.API_KEYS_PER_HOLDER:
        raise TooManyApiKeys(
            f"{settings.API_KEYS_PER_HOLDER} API keys are allowed: revoke one that is not used any more"
        )
    secret = api_keys.new_key(require_tenant_id())
    row.digest, row.hint = api_keys.digest_of(secret), api_keys.hint_of(secret)
    row.save()
    record_security_event(Kind.API_KEY_CREATED, subject_id=row.holder_id, details=_details(row))
    return Issued(queries.key_of(row.holder_id, row.id), secret)


def _reach(row: ApiKey, held: frozenset[str]) -> frozenset[str]:
    return held if row.scopes is None else held & frozenset(row.scopes)


def _details(row: ApiKey) -> dict[str, str]:
    details = {
        "key_id": str(row.id),
        "name": row.name,
        "hint": row.hint,
        "scopes": "all" if row.scopes is None else ", ".join(row.scopes),
        "expires_at": row.expires_at.isoformat(),
    }
    return details | ({"replaces": str(row.replaces_id)} if row.replaces_id else {})
