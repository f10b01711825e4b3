"""What may be said of a service account or of a key."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from apps.core.auth.permissions import declared_permissions
from apps.core.errors import PreconditionFailed
from apps.iam.service_accounts.errors import ApiKeyDescribedWrongly, InvalidServiceAccount
from apps.iam.service_accounts.models import CONTACT_LENGTH, DESCRIPTION_LENGTH, NAME_LENGTH, ServiceAccount
from apps.iam.users import queries as users


def check_version(account: ServiceAccount, expected: int | None) -> None:
    """Raises PreconditionFailed when the caller decided on an older version. Call it under the lock."""
    if expected is not None and account.version != expected:
        raise PreconditionFailed(version=account.version)


def plain(text: str) -> str:
    """The text on one line."""
    return " ".join(text.split())


def describe(account: ServiceAccount, *, name: str, description: str, owner_id: UUID | None, contact: str) -> None:
    """Write these facts to the account. Raises InvalidServiceAccount."""
    name, description, contact = plain(name), plain(description), plain(contact)
    wrong: dict[str, list[str]] = {}
    if not 1 <= len(name) <= NAME_LENGTH or not name.isprintable():
        wrong["name"] = [f"1 to {NAME_LENGTH} characters"]
    if len(description) > DESCRIPTION_LENGTH or "\x00" in description:
        wrong["description"] = [f"at most {DESCRIPTION_LENGTH} characters"]
    if len(contact) > CONTACT_LENGTH or "\x00" in contact:
        wrong["contact"] = [f"at most {CONTACT_LENGTH} characters"]
    if owner_id is not None and owner_id != account.owner_id and owner_id not in users.names([owner_id]):
        wrong["owner_id"] = ["this is no member of the company: name one, or leave it empty and say whom to contact"]
    if wrong:
        raise InvalidServiceAccount(errors=wrong)
    account.rename(name)
    account.description, account.owner_id, account.contact = description, owner_id, contact


def valid_key_name(name: str) -> str:
    """Raises ApiKeyDescribedWrongly."""
    name = plain(name)
    if not 1 <= len(name) <= NAME_LENGTH or not name.isprintable():
        raise ApiKeyDescribedWrongly(errors={"name": [f"1 to {NAME_LENGTH} characters, to know the key again by"]})
    return name


def valid_scopes(scopes: Iterable[str] | None, *, held: frozenset[str]) -> list[str] | None:
    """The scopes in order; None stays None: all that the holder may do. Raises ApiKeyDescribedWrongly."""
    if scopes is None:
        return None
    wanted = set(scopes)
    if not wanted:
        text = "name at least one permission, or leave the scopes out for all that the holder may do"
        raise ApiKeyDescribedWrongly(errors={"scopes": [text]})
    if unknown := sorted(wanted - set(declared_permissions())):
        raise ApiKeyDescribedWrongly(errors={"scopes": [f"there is no permission {', '.join(unknown)}"]})
    if beyond := sorted(wanted - held):
        text = f"the holder of the key may not do this: {', '.join(beyond)}. Give it a role that may, or leave it out"
        raise ApiKeyDescribedWrongly(errors={"scopes": [text]})
    return sorted(wanted)


def valid_expiry(expires_at: datetime | None, *, now: datetime) -> datetime:
    """When a key ends: by default API_KEY_DAYS from now. Raises ApiKeyDescribedWrongly."""
    if expires_at is None:
        return now + timedelta(days=settings.API_KEY_DAYS)
    latest = now + timedelta(days=settings.API_KEY_MAX_DAYS)
    # A form names a day, which ends later than the moment it was filled in.
    if not now < expires_at <= latest + timedelta(days=1):
        text = f"choose a moment between now and {latest:%d %B %Y}: a key is good for {settings.API_KEY_MAX_DAYS} days"
        raise ApiKeyDescribedWrongly(errors={"expires_at": [text]})
    return expires_at


def valid_overlap(overlap_s: int) -> timedelta:
    """How long an old secret stays good beside the new one. Raises ApiKeyDescribedWrongly."""
    if not 0 <= overlap_s <= settings.CREDENTIAL_OVERLAP_MAX_S:
        text = f"0 to {settings.CREDENTIAL_OVERLAP_MAX_S} seconds"
        raise ApiKeyDescribedWrongly(errors={"overlap_s": [text]})
    return timedelta(seconds=overlap_s)
