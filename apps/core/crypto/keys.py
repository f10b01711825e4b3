"""The data keys of one database: made at first use, remembered for a minute, destroyed for good.

A key belongs to a subject in a tenant. Tokens that were encrypted with it name its subject and version; tenant and
database follow from where they are found. Imports no models: the relay reads the log without Django's apps.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
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
    """One version of an owner's key. `cipher` is None when it was destroyed; `secret` is for deriving others."""

    version: int
    cipher: AESGCM | None = None
    secret: bytes = field(default=b"", repr=False)


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
_READING_MANY = """
select version, wrapped, wrapped_by, created_at = now(), subject_id from crypto_data_key
join unnest(%(subjects)s::uuid[], %(versions)s::smallint[]) wanted (subject_id, version) using (subject_id, version)
where tenant_id = %(tenant)s
"""
# Those that somebody else makes at this very moment are left out: they are looked for one by one.
_MAKING_MANY = """
with wanted as (
    select * from unnest(%(subjects)s::uuid[], %(wrapped)s::bytea[]) w (subject_id, wrapped)),
made as (
    insert into crypto_data_key (tenant_id, subject_id, version, wrapped, wrapped_by, created_at)
    select %(tenant)s, subject_id, 1, wrapped, %(by)s, now() from wanted
    where not exists (select from crypto_data_key k where k.tenant_id = %(tenant)s and k.subject_id = wanted.subject_id)
    on conflict do nothing returning version, wrapped, wrapped_by, true, subject_id)
select * from made
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


def is_known(owner: Owner, version: int) -> bool:
    """Whether this process remembers a key, so that to read with it costs no statement."""
    return _known(owner, version) is not None


def make_keys(owners: Iterable[Owner]) -> None:
    """Make a first key for those who have none, all in one statement for each tenant: before much is encrypted.

    Whoever has one already costs a statement at the first use, as ever.
    """
    for (database, tenant_id), subjects in _by_tenant(owners).items():
        known = [one for one in subjects if _cache.get((Owner(database, tenant_id, one), _NEWEST))]
        new = [one for one in subjects if one not in known and not tombstones.is_buried(one, tenant_id=tenant_id)]
        if not new:
            continue
        places = [Owner(database, tenant_id, one).place(1) for one in new]
        wrapped = [wrapping.wrap(wrapping.new_key(), place=place).content for place in places]
        values = {"subjects": new, "wrapped": wrapped, "by": wrapping.newest_name()}
        _remember_rows(database, tenant_id, _rows(database, tenant_id, _MAKING_MANY, values), as_newest=True)


def fetch_keys(database: str, tenant_id: UUID, versions: Sequence[tuple[UUID, int]]) -> None:
    """Remember keys of many subjects, each in a version, by one statement: before much is decrypted."""
    missing = [one for one in versions if _cache.get((Owner(database, tenant_id, one[0]), one[1])) is None]
    missing = [one for one in missing if not tombstones.is_buried(one[0], tenant_id=tenant_id)]
    values = {"subjects": [subject for subject, _ in missing], "versions": [version for _, version in missing]}
    if missing:
        _remember_rows(database, tenant_id, _rows(database, tenant_id, _READING_MANY, values), as_newest=False)


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
        _remembered(owner, _NEWEST, Key(version, AESGCM(secret), secret), fresh=True)
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
    rows = _rows(owner.database, owner.tenant_id, statement, {**values, "subject": owner.subject_id})
    return rows[0] if rows else None


def _rows(database: str, tenant_id: UUID, statement: str, values: dict[str, Any]) -> list[Any]:
    with tenant(tenant_id), connections[database].cursor() as cursor:
        cursor.execute(statement, {**values, "tenant": tenant_id})
        return list(cursor.fetchall())


def _by_tenant(owners: Iterable[Owner]) -> dict[tuple[str, UUID], list[UUID]]:
    found: dict[tuple[str, UUID], dict[UUID, None]] = {}
    for owner in owners:
        found.setdefault((owner.database, owner.tenant_id), {})[owner.subject_id] = None
    return {place: list(subjects) for place, subjects in found.items()}


def _key(owner: Owner, row: Any) -> Key:
    version, wrapped, by = row[:3]
    if not wrapped:
        return _DESTROYED
    secret = wrapping.unwrap(Wrapped(bytes(wrapped), by), place=owner.place(version))
    return Key(version, AESGCM(secret), secret)


@dataclass(frozen=True, slots=True)
class _Remember:
    """What is done with new keys once their transaction is committed. Until then its place in the queue says that the
    transaction, and the savepoint, that made them are still there.
    """

    keys: Mapping[tuple[Owner, int], Key]

    def __call__(self) -> None:
        for entry, key in self.keys.items():
            if not _is_buried(entry[0]):  # destroyed by the transaction that made it
                _cache.put(entry, key)


def _known(owner: Owner, version: int) -> Key | None:
    """What this process remembers, or has made in the open transaction."""
    entry = owner, version
    waiting = (function for _, function, *_ in reversed(connections[owner.database].run_on_commit[-_LOOKED_THROUGH:]))
    made = (one.keys[entry] for one in waiting if isinstance(one, _Remember) and entry in one.keys)
    found = _cache.get(entry)
    if found is None and (found := next(made, None)) is not None and _is_buried(owner):
        return None
    return found


def _remembered(owner: Owner, version: int, key: Key, *, fresh: bool) -> Key:
    _remember(owner.database, {(owner, version): key}, fresh=fresh)
    return key


def _remember_rows(database: str, tenant_id: UUID, rows: list[Any], *, as_newest: bool) -> None:
    for fresh in (True, False):
        owned = [(Owner(database, tenant_id, row[4]), row) for row in rows if row[3] is fresh]
        keys = {(owner, _NEWEST if as_newest else row[0]): _key(owner, row) for owner, row in owned}
        if keys:
            _remember(database, keys, fresh=fresh)


def _remember(database: str, keys: Mapping[tuple[Owner, int], Key], *, fresh: bool) -> None:
    """Keys of a transaction that is still open are remembered after its commit only: what is rolled back is no key."""
    if fresh and connections[database].in_atomic_block:
        transaction.on_commit(_Remember(keys), using=database)
    else:
        _Remember(keys)()


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
