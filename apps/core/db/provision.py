"""Creates the databases and their roles on a PostgreSQL server. Needs a superuser, and no Django."""

from collections.abc import Mapping
from dataclasses import dataclass

import psycopg
from psycopg import sql

EXTENSIONS = ("btree_gin", "btree_gist", "pg_trgm")
_CONNECT_TIMEOUT_S = 10
Connection = psycopg.Connection[tuple[object, ...]]
# Named one by one, so that a role which somebody made mightier by hand is weakened again.
_WEAK = "login nosuperuser nobypassrls nocreaterole noreplication"


@dataclass(frozen=True)
class RolePasswords:
    """Passwords of the three roles of one database."""

    owner: str
    app: str
    relay: str


def provision(admin_dsn: str, databases: Mapping[str, RolePasswords], *, createdb: bool = False) -> None:
    """Create each database with its roles `<database>_owner`, `_app` and `_relay`, and set their passwords.

    Safe to repeat. The owner owns the database and its schema; the application and the relay own nothing and cannot
    pass row-level security by. Nobody else may connect. `createdb` lets owners create databases, for test runners.
    Raises psycopg.Error when the server cannot be reached or the caller is no superuser.
    """
    with _connected(admin_dsn) as server:
        for database, passwords in databases.items():
            _ensure_role(server, f"{database}_owner", passwords.owner, createdb=createdb)
            _ensure_role(server, f"{database}_app", passwords.app)
            _ensure_role(server, f"{database}_relay", passwords.relay)
            _ensure_database(server, database)
    for database in databases:
        with _connected(admin_dsn, dbname=database) as inside:
            _ensure_schema(inside, database)


def _connected(dsn: str, **changes: str) -> Connection:
    return psycopg.connect(dsn, autocommit=True, connect_timeout=_CONNECT_TIMEOUT_S, **changes)  # type: ignore[arg-type]


def _ensure_role(server: Connection, name: str, password: str, *, createdb: bool = False) -> None:
    role = sql.Identifier(name)
    if server.execute("select 1 from pg_roles where rolname = %s", [name]).fetchone() is None:
        server.execute(sql.SQL("create role {}").format(role))
    # Hashed here, so that the password itself is never in a statement and so never in the server's log.
    verifier = server.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256").decode()
    rights = sql.SQL(f"{_WEAK} {'createdb' if createdb else 'nocreatedb'}")
    server.execute(sql.SQL("alter role {} {} password {}").format(role, rights, sql.Literal(verifier)))


def _ensure_database(server: Connection, name: str) -> None:
    database, owner = sql.Identifier(name), sql.Identifier(f"{name}_owner")
    if server.execute("select 1 from pg_database where datname = %s", [name]).fetchone() is None:
        server.execute(sql.SQL("create database {} owner {}").format(database, owner))
    server.execute(sql.SQL("alter database {} owner to {}").format(database, owner))
    # "all" takes temporary tables too: one of them could stand in for a real table in somebody else's function.
    server.execute(sql.SQL("revoke all on database {} from public").format(database))
    server.execute(sql.SQL("grant connect on database {} to {}, {}, {}").format(database, *_roles(name)))


def _ensure_schema(inside: Connection, database: str) -> None:
    owner = sql.Identifier(f"{database}_owner")
    for extension in EXTENSIONS:
        inside.execute(sql.SQL("create extension if not exists {}").format(sql.Identifier(extension)))
    inside.execute(sql.SQL("alter schema public owner to {}").format(owner))


def _roles(database: str) -> tuple[sql.Identifier, sql.Identifier, sql.Identifier]:
    return (
        sql.Identifier(f"{database}_owner"),
        sql.Identifier(f"{database}_app"),
        sql.Identifier(f"{database}_relay"),
    )
