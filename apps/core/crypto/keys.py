"""The data keys of one database: made at first use, remembered for a minute, destroyed for good.

A key belongs to a subject in a tenant. Tokens that were encrypted with it name its subject and version; tenant and
database follow from where they are found. Imports no models: the relay reads the log without Django's apps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import connections, transaction

from apps.core.crypto import tombstones, wrapping
from apps.core.crypto.key_cache import KeyCache
from apps.core.crypto.wrapping import Wrapped
from apps.core.observability import get_logger
from apps.core.tenancy import person, tenant

_logger = get_logger("core.crypto")


class KeyDestroyed(Exception):
    """What this key had encrypted cannot be read any more, by anybody."""


class Owner(NamedTuple):
    """Whose key, in which database."""

    database: str
    tenant_id: UUID
    subject_id: UUID

    def place(self, version: int) -> str:
        """What a wrapped key is bound to."""
        return f"data key {self.tenant_id} {self.subject_id} {version}"


@dataclass(frozen=True, slots=True)
class Key:
    """One version of an owner's key. `cipher` is None when it was destroyed."""

    version: int
    cipher: AESGCM | None = None


_DESTROYED = Key(0)

# Made in the statement that looks for it. `fresh`: made by this very transaction, which may yet be rolled back.
_WRITING = """
with known as (
    select version, wrapped, wrapped_by, created_at = now() as fresh from crypto_data_key
    where tenant_id = %(tenant)s and subject_id = %(subject)s order by version desc limit 1),
made as (
    insert into crypto_data_key (tenant_id, subject_id, version, wrapped, wrapped_by, created_at)
    select %(tenant)s, %(subject)s, 1, %(wrapped)s, %(by)s, now() where not exists (select from known)
    on conflict do nothing returning version, wrapped, wrapped_by, true)
select * from known union all select * from made
"""
_READING = """
select version, wrapped, wrapped_by, created_at = now() from crypto_data_key
where tenant_id = %(tenant)s and subject_id = %(subject)s and version = %(version)s
"""
_NEWEST_VERSION = """
select version, destroyed_at is not null from crypto_data_key
where tenant_id = %(tenant)s and subject_id = %(subject)s order by version desc limit 1
"""
_RENEWING = """
insert into crypto_data_key (tenant_id, subject_id, version, wrapped, wrapped_by, created_at)
values (%(tenant)s, %(subject)s, %(version)s, %(wrapped)s, %(by)s, now()) on conflict do nothing returning version
"""
_LOOKED_THROUGH = 500
_NEWEST = 0  # stands for the version in the cache: the one that encrypts now

_cache: KeyCache[tuple[Owner, int], Key] = KeyCache(
    most=lambda: settings.KEY_CACHE_SIZE, seconds=lambda: settings.KEY_CACHE_S
)


def key_for_writing(owner: Owner) -> Key:
    """The key that encrypts now; made if there is none. At most one statement, unless two make it at once.

    Its `cipher` is None when the owner's keys were destroyed: nothing is encrypted for them any more.
    """
    known = _known(owner, _NEWEST)
    if known is not None:
        return known
    if _is_buried(owner):
        return _remembered(owner, _NEWEST, _DESTROYED, fresh=False)
    return _made(owner) or _made(owner) or _DESTROYED  # the second time it is the one that somebody else has made


def key_for_reading(owner: Owner, version: int) -> Key:
    """The key of a version. At most one statement. Its `cipher` is None when it was destroyed."""
    known = _known(owner, version)
    if known is not None:
        return known
    if _is_buried(owner):
        return _remembered(owner, version, _DESTROYED, fresh=False)
    row = _row(owner, _READING, {"version": version})
    return _DESTROYED if row is None else _remembered(owner, version, _key(owner, row), fresh=row[3])


def destroy_keys(subject_id: UUID, *, databases: Sequence[str]) -> int:
    """Destroy every key of a subject, in all tenants of these databases; returns how many there were.

    Noted outside of the databases first: from then on no process uses them again once it has forgotten them, within
    KEY_CACHE_S. Safe to repeat, and after a crash at any point. Raises OSError when it cannot be noted.
    """
    tombstones.bury(subject_id)
    count = sum(
        _destroy(alias, tenant_id, subject_id) for alias in databases for tenant_id in _tenants(alias, subject_id)
    )
    forget_keys(subject_id)
    _logger.info("crypto.keys_destroyed", subject=str(subject_id), databases=list(databases), keys=count)
    return count


def destroy_tenants_keys(tenant_id: UUID, *, database: str) -> int:
    """Destroy every key of a tenant in a database, its people's too; returns how many. Otherwise as `destroy_keys`."""
    tombstones.bury_tenant(tenant_id)
    count = _destroy(database, tenant_id, None)
    _cache.forget(lambda entry: entry[0].tenant_id == tenant_id)
    return count


def renew_key(owner: Owner) -> int | None:
    """Give an owner a new version of the key, for what is encrypted from now on; None for whom there is none.

    Other processes use the one before for up to KEY_CACHE_S. Safe to run twice at once.
    """
    if _is_buried(owner):
        return None
    row = _row(owner, _NEWEST_VERSION, {})
    if row is None or row[1]:
        return None
    version, secret = int(row[0]) + 1, wrapping.new_key()
    wrapped = wrapping.wrap(secret, place=owner.place(version))
    _cache.forget(lambda entry: entry == (owner, _NEWEST))
    if _row(owner, _RENEWING, {"version": version, "wrapped": wrapped.content, "by": wrapped.by}) is not None:
        _remembered(owner, _NEWEST, Key(version, AESGCM(secret)), fresh=True)
    return version


def forget_keys(subject_id: UUID | None = None) -> None:
    """Drop what this process remembers: of one subject, or everything."""
    _cache.forget(lambda entry: subject_id in (None, entry[0].subject_id))


def _made(owner: Owner) -> Key | None:
    """The newest key of an owner, or a first one. None when somebody else made it while this waited."""
    wrapped = wrapping.wrap(wrapping.new_key(), place=owner.place(1))
    row = _row(owner, _WRITING, {"wrapped": wrapped.content, "by": wrapped.by})
    return None if row is None else _remembered(owner, _NEWEST, _key(owner, row), fresh=row[3])


def _row(owner: Owner, statement: str, values: dict[str, Any]) -> Any:
    with tenant(owner.tenant_id), connections[owner.database].cursor() as cursor:
        cursor.execute(statement, {**values, "tenant": owner.tenant_id, "subject": owner.subject_id})
        return cursor.fetchone()


def _key(owner: Owner, row: Any) -> Key:
    version, wrapped, by, _ = row
    if not wrapped:
        return _DESTROYED
    secret = wrapping.unwrap(Wrapped(bytes(wrapped), by), place=owner.place(version))
    return Key(version, AESGCM(secret))


@dataclass(frozen=True, slots=True)
class _Remember:
    """What is done with a new key once its transaction is committed. Until then its place in the queue says that the
    transaction, and the savepoint, that made it are still there.
    """

    entry: tuple[Owner, int]
    key: Key

    def __call__(self) -> None:
        if not _is_buried(self.entry[0]):  # destroyed by the transaction that made it
            _cache.put(self.entry, self.key)


def _known(owner: Owner, version: int) -> Key | None:
    """What this process remembers, or has made in the open transaction."""
    entry = owner, version
    waiting = (function for _, function, *_ in reversed(connections[owner.database].run_on_commit[-_LOOKED_THROUGH:]))
    made = (one.key for one in waiting if isinstance(one, _Remember) and one.entry == entry)
    found = _cache.get(entry)
    if found is None and (found := next(made, None)) is not None and _is_buried(owner):
        return None
    return found


def _remembered(owner: Owner, version: int, key: Key, *, fresh: bool) -> Key:
    """A key of a transaction that is still open is remembered after its commit only: what is rolled back is no key."""
    connection = connections[owner.database]
    remember = _Remember((owner, version), key)
    if fresh and connection.in_atomic_block:
        transaction.on_commit(remember, using=owner.database)
    else:
        remember()
    return key


def _is_buried(owner: Owner) -> bool:
    return tombstones.is_buried(owner.subject_id, tenant_id=owner.tenant_id)


def _tenants(alias: str, subject_id: UUID) -> list[UUID]:
    """As the person, whose own rows are all there are to see."""
    with person(subject_id), connections[alias].cursor() as cursor:
        cursor.execute("select distinct tenant_id from crypto_data_key where subject_id = %s order by 1", [subject_id])
        return [tenant_id for (tenant_id,) in cursor.fetchall()]


def _destroy(alias: str, tenant_id: UUID, subject_id: UUID | None) -> int:
    with tenant(tenant_id), connections[alias].cursor() as cursor:
        cursor.execute(
            "update crypto_data_key set wrapped = '', wrapped_by = '', destroyed_at = now() "
            "where tenant_id = %s and (%s::uuid is null or subject_id = %s) and destroyed_at is null",
            [tenant_id, subject_id, subject_id],
        )
        return int(cursor.rowcount)
