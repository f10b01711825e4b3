"""Both databases as their superuser sees them: every text of every table, and a backup that can be put back."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.conf import settings
from django.db import connections
from psycopg import sql

_TABLES = """
select c.relname from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
and not c.relispartition and c.relname not like 'django_%' order by 1
"""
_BINARY = sql.SQL("(format binary)")


@contextmanager
def superuser(alias: str) -> Iterator[Any]:
    name = connections[alias].settings_dict["NAME"]
    with psycopg.connect(os.environ["TEST_SUPERUSER_URL"], dbname=name, connect_timeout=10) as connection:
        yield connection


def tables_with(*texts: str) -> set[str]:
    """The tables, in any database, of which a row holds one of these texts, in whatever column."""
    return {table for alias in settings.PRIMARY_ALIASES for table in _tables_with(alias, texts)}


def _tables_with(alias: str, texts: tuple[str, ...]) -> Iterator[str]:
    found = sql.SQL("select exists (select from {table} one where to_jsonb(one)::text ilike any(%s))")
    with superuser(alias) as connection:
        for (table,) in connection.execute(_TABLES).fetchall():
            query = found.format(table=sql.Identifier(table))
            if connection.execute(query, [[f"%{text}%" for text in texts]]).fetchone()[0]:
                yield table


Backup = dict[str, dict[str, bytes]]


def backup() -> Backup:
    """Every row of both databases, keys and all."""
    taken: Backup = {}
    for alias in settings.PRIMARY_ALIASES:
        with superuser(alias) as connection:
            names = [table for (table,) in connection.execute(_TABLES).fetchall()]
            taken[alias] = {table: _copied(connection, table) for table in names}
    return taken


def restore(taken: Backup) -> None:
    """Make both databases what they were when the backup was taken."""
    for alias, tables in taken.items():
        with superuser(alias) as connection:
            connection.execute("set session_replication_role = replica")
            for table, rows in tables.items():
                connection.execute(sql.SQL("delete from {}").format(sql.Identifier(table)))
                command = sql.SQL("copy {} from stdin {}").format(sql.Identifier(table), _BINARY)
                with connection.cursor().copy(command) as copy:
                    copy.write(rows)


def _copied(connection: Any, table: str) -> bytes:
    command = sql.SQL("copy (select * from {}) to stdout {}").format(sql.Identifier(table), _BINARY)
    with connection.cursor().copy(command) as copy:
        return b"".join(bytes(piece) for piece in copy)
