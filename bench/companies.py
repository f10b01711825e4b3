"""Fills identity databases with many companies, quickly and by the million, for measuring beside each other.

Each database is a copy of the migrated one, and holds the same companies but for their number. Rows are written by SQL,
past commands and history. They lie as they would after years: companies mixed, the roles of one person far apart.
"""

from __future__ import annotations

import copy
import hashlib
import os
import random
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import psycopg
from django.contrib.auth.hashers import make_password
from django.db import connections
from django.db.utils import load_backend
from psycopg import sql

from apps.core.auth.permissions import declared_permissions
from apps.core.db.roles import roles_of
from apps.iam.oidc import queries as oidc
from bench import companies_sql

PASSWORD = "correct horse battery staple"
# What a person costs with all that hangs on them, indexes and the log of the load included.
_BYTES_A_PERSON = 8_000
_EPOCH_MS = 1_700_000_000_000


@dataclass(frozen=True, slots=True)
class Size:
    """How many companies, and what each of them has."""

    companies: int
    people: int = 834
    roles: int = 200
    assignments: int = 5
    """Of each person, besides what their group holds."""
    groups: int = 20


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who belongs to one company, by their rank there."""

    id: UUID
    tenant_id: UUID
    email: str
    session_id: UUID


@dataclass(slots=True)
class Companies:
    """One filled database. `inside` lets the platform mean it."""

    name: str
    size: Size
    connection: Any
    _dice: random.Random = field(default_factory=lambda: random.Random(1))
    _met: set[int] = field(default_factory=set)

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Within the block the identity service reads and writes here. A connection of its own stays open."""
        before = connections["default"]
        connections["default"] = self.connection
        try:
            yield
        finally:
            connections["default"] = before

    def manager(self) -> Person:
        """Anybody who may see their company's people and is signed in."""
        ranks = range(companies_sql.EVERY_NTH_IS_MANAGER, self.size.people, companies_sql.EVERY_NTH_IS_MANAGER)
        return self._person(self._dice.choice(ranks), self._dice.randrange(self.size.companies))

    def newcomer(self) -> Person:
        """Somebody who has not been drawn before, and is no manager."""
        while True:
            rank, company = self._dice.randrange(self.size.people), self._dice.randrange(self.size.companies)
            number = rank * self.size.companies + company
            if rank % companies_sql.EVERY_NTH_IS_MANAGER and number not in self._met:
                self._met.add(number)
                return self._person(rank, company)

    def program(self) -> tuple[str, str]:
        """The id and the secret of the OAuth client of anybody's service account."""
        company = self._dice.randrange(self.size.companies)
        return str(id_of(f"program {self.name}", company)), _secret(self.name, company)

    def _person(self, rank: int, company: int) -> Person:
        number = rank * self.size.companies + company
        return Person(
            id=id_of(f"person {self.name}", number),
            tenant_id=id_of(f"company {self.name}", company),
            email=f"person-{rank}@company-{company}.{self.name}.example",
            session_id=id_of(f"session {self.name}", number),
        )


@contextmanager
def companies(sizes: Mapping[str, Size]) -> Iterator[list[Companies]]:
    """Filled databases by their names, which go afterwards. SystemExit where the disk has no room for them."""
    _require_room(sizes.values())
    with ExitStack() as stack:
        found: list[Companies] = []
        for name, size in sizes.items():
            # The first is copied before it is filled: so all have the same signing keys, as one platform has.
            template = found[0].connection.settings_dict["NAME"] if found else _original()
            found.append(stack.enter_context(_copied(name, size, template)))
        for one in found:
            begun = time.perf_counter()
            _fill(one)
            print(f"filled: {_told(one)}; {time.perf_counter() - begun:,.0f} s", flush=True)
        _checkpoint()
        print(flush=True)
        yield found


def id_of(kind: str, number: int) -> UUID:
    """The id of a row, as `companies_sql.ID_OF` makes it: a UUIDv7 whose time is the number."""
    digest = hashlib.md5(f"{kind} {number}".encode()).hexdigest()
    return UUID(f"{_EPOCH_MS + number:012x}7{digest[1:4]}8{digest[5:20]}")


@contextmanager
def _copied(name: str, size: Size, template: str) -> Iterator[Companies]:
    database, roles = f"bench_{name}", roles_of("default")
    words = {"copy": database, "template": template, **asdict(roles)}
    _as_superuser("drop database if exists {copy} with (force)", words)
    _as_superuser("create database {copy} template {template} owner {owner}", words)
    connection = None
    try:
        _as_superuser("revoke all on database {copy} from public", words)
        _as_superuser("grant connect on database {copy} to {owner}, {application}, {relay}", words)
        settings = copy.deepcopy(connections["default"].settings_dict) | {"NAME": database}
        connection = load_backend(settings["ENGINE"]).DatabaseWrapper(settings, "default")
        made = Companies(name, size, connection)
        with made.inside():
            assert oidc.jwks()
        connection.close()  # whoever is connected keeps it from being copied
        yield made
    finally:
        if connection is not None:
            connection.close()
        _as_superuser("drop database {copy} with (force)", words)


def _fill(made: Companies) -> None:
    database = made.connection.settings_dict["NAME"]
    permissions = sorted(declared_permissions())
    values = {**asdict(made.size), "tag": made.name, "password": make_password(PASSWORD), "permissions": permissions}
    values["epoch_ms"] = _EPOCH_MS
    with _as_owner(database) as owner, _unguarded(owner):
        owner.execute("set synchronous_commit = off")
        owner.execute(companies_sql.ID_OF, values)
        with _unindexed(owner):
            for statement in companies_sql.FILL:
                owner.execute(statement, values)
            _copy_secrets(owner, made)
        for table in companies_sql.TABLES:
            owner.execute(sql.SQL("vacuum (analyze) {}").format(sql.Identifier(table)))


@contextmanager
def _unguarded(owner: psycopg.Connection[Any]) -> Iterator[None]:
    """Without history and row-level security: the owner writes the rows of all companies in one statement."""
    isolated = {
        table
        for table in companies_sql.TABLES
        if _one(owner, "select relforcerowsecurity from pg_class where oid = %s::regclass", [table])
    }
    for table in companies_sql.TABLES:
        owner.execute(sql.SQL("alter table {} disable trigger user").format(sql.Identifier(table)))
        if table in isolated:
            owner.execute(sql.SQL("alter table {} no force row level security").format(sql.Identifier(table)))
    yield
    for table in companies_sql.TABLES:
        owner.execute(sql.SQL("alter table {} enable trigger user").format(sql.Identifier(table)))
        if table in isolated:
            owner.execute(sql.SQL("alter table {} force row level security").format(sql.Identifier(table)))


@contextmanager
def _unindexed(owner: psycopg.Connection[Any]) -> Iterator[None]:
    """Without the indexes of the largest tables, but for those that keys stand on."""
    found = owner.execute(_INDEXES, [list(companies_sql.BULKY)]).fetchall()
    for name, _ in found:
        owner.execute(f"drop index {name}")
    yield
    owner.execute("set maintenance_work_mem = '256MB'")
    for _, definition in found:
        owner.execute(definition)


_INDEXES = """
select indexrelid::regclass::text, pg_get_indexdef(indexrelid) from pg_index
 where indrelid = any(%s::regclass[]) and not exists (select from pg_constraint where conindid = indexrelid)
"""


def _copy_secrets(owner: psycopg.Connection[Any], made: Companies) -> None:
    """Each client has a secret of its own, hashed as the platform hashes them."""
    owner.execute("create temporary table secrets (company int, hashed text)")
    with owner.cursor() as cursor, cursor.copy("copy secrets from stdin") as copying:
        for company in range(made.size.companies):
            copying.write_row((company, make_password(_secret(made.name, company), hasher="hmac_sha256")))
    owner.execute(companies_sql.CLIENTS, {"tag": made.name})
    owner.execute("drop table secrets")


def _secret(name: str, company: int) -> str:
    return hashlib.sha256(f"{name} {company}".encode()).hexdigest()


def _told(made: Companies) -> str:
    with _as_owner(made.connection.settings_dict["NAME"]) as owner:
        counted = {table: _one(owner, _ROWS, [table]) for table in _COUNTED}
        size = _one(owner, "select pg_database_size(current_database())")
    rows = ", ".join(f"{count:,.0f} {_COUNTED[table]}" for table, count in counted.items())
    return f"{rows}; {size / 2**20:,.0f} MiB"


_ROWS = "select reltuples from pg_class where oid = %s::regclass"
_COUNTED = {
    "tenants_tenant": "companies",
    "users_user": "people",
    "roles_role": "roles",
    "roles_roleassignment": "assignments",
}


def _require_room(sizes: Any) -> None:
    needed = sum(size.companies * size.people for size in sizes) * _BYTES_A_PERSON
    free = shutil.disk_usage(tempfile.gettempdir()).free
    if needed > free:
        raise SystemExit(f"{needed / 2**30:,.1f} GiB are needed and {free / 2**30:,.1f} are free: set BENCH_TENANTS")


def _original() -> str:
    """The migrated database. In a test session nobody uses it; here we stop using it while it is copied."""
    connections["default"].close()
    return urlsplit(os.environ["DATABASE_OWNER_URL"]).path[1:]


def _as_owner(database: str) -> psycopg.Connection[Any]:
    url = urlunsplit(urlsplit(os.environ["DATABASE_OWNER_URL"])._replace(path=f"/{database}"))
    return psycopg.connect(url, autocommit=True, cursor_factory=psycopg.ClientCursor)


def _as_superuser(statement: str, words: Mapping[str, str]) -> None:
    names = {name: sql.Identifier(word) for name, word in words.items()}
    with psycopg.connect(os.environ["TEST_SUPERUSER_URL"], autocommit=True) as server:
        server.execute(sql.SQL(statement).format(**names))


def _checkpoint() -> None:
    """Now, not while something is measured."""
    _as_superuser("checkpoint", {})


def _one(connection: psycopg.Connection[Any], statement: str, values: Any = None) -> Any:
    row = connection.execute(statement, values).fetchone()
    return row[0] if row else None
