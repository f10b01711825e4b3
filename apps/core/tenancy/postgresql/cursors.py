"""Cursors that carry the scope with the statement, in the same message, so that isolation costs no round trip.

PostgreSQL runs a simple-query message as one implicit transaction: a transaction-local setting at its head holds for
the statement behind it and is gone afterwards. Inside an open transaction the settings are sent once, with the first
statement, and again when they change or a rollback to a savepoint has undone them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from django.db.backends.postgresql import base
from psycopg.pq import TransactionStatus

from apps.core.tenancy.postgresql.kept_plans import KeptPlan
from apps.core.tenancy.postgresql.session import NONE, SessionSettings, wanted

_READS = ("select", "SELECT", "show", "SHOW", "explain", "EXPLAIN")


def forget_settings(connection: Any) -> None:
    """What was sent no longer holds: the transaction ended or went back to a savepoint."""
    if connection is not None:
        connection.sent_settings = NONE


class _ScopedMixin:
    """What all three cursors share. `self._conn` is psycopg's connection."""

    _conn: Any

    def _settings_to_send(self, query: Any) -> SessionSettings | None:
        """The settings that PostgreSQL does not have yet, or None."""
        connection = self._conn
        idle = connection.pgconn.transaction_status == TransactionStatus.IDLE
        if idle:  # nothing is open: whatever was sent before ended with its transaction
            connection.sent_settings = NONE
        lone = idle and connection.autocommit
        settings = wanted(reading=lone and isinstance(query, str) and query.lstrip("( \n\t").startswith(_READS))
        return None if settings == getattr(connection, "sent_settings", NONE) else settings

    def _remember(self, settings: SessionSettings) -> None:
        if self._conn.pgconn.transaction_status == TransactionStatus.INTRANS:
            self._conn.sent_settings = settings

    @contextmanager
    def _settings_first(self, query: Any) -> Iterator[None]:
        """For what takes one statement only: send the settings in a message of their own, in the same transaction."""
        settings = self._settings_to_send(query)
        if settings is None:
            yield
            return
        connection = self._conn
        lone = connection.autocommit and connection.pgconn.transaction_status == TransactionStatus.IDLE
        with connection.transaction() if lone else nullcontext():
            base.Database.ClientCursor(connection).execute(settings.prefix())
            self._remember(settings)
            yield


class ScopedCursor(_ScopedMixin, base.Cursor):  # type: ignore[misc, name-defined]
    """Django's ordinary cursor (client-side binding)."""

    def execute(self, query: Any, params: Any = None, **kwargs: Any) -> Any:
        settings = self._settings_to_send(query)
        if isinstance(query, KeptPlan) and params and _keeps_plans(self._conn):
            query = self._prepared(query)
        if settings is None:
            return super().execute(query, params, **kwargs)
        prefix = settings.prefix() if params is None else settings.prefix().replace("%", "%%")
        super().execute(_prefixed(query, prefix, self._conn), params, **kwargs)
        self._remember(settings)
        self.nextset()  # past the result of set_config, to that of the statement
        return self

    def _prepared(self, query: KeptPlan) -> str:
        """What runs the statement by its kept plan; made the first time that the session meets it."""
        if query.name not in self._conn.kept_plans:
            super().execute(query.preparation)
            self._conn.kept_plans.add(query.name)
        return query.execution

    def executemany(self, query: Any, params_seq: Any, **kwargs: Any) -> Any:
        with self._settings_first(query):
            return super().executemany(query, params_seq, **kwargs)

    @contextmanager
    def copy(self, statement: Any, params: Any = None, **kwargs: Any) -> Iterator[Any]:
        with self._settings_first(statement), super().copy(statement, params, **kwargs) as stream:
            yield stream


class ScopedServerSideCursor(_ScopedMixin, base.ServerSideCursor):  # type: ignore[misc, name-defined]
    """Django's named cursor. One held over a commit was filled under the scope it was opened in, and keeps it."""

    def execute(self, query: Any, params: Any = None, **kwargs: Any) -> Any:
        with self._settings_first(query):
            return super().execute(query, params, **kwargs)


def keep_plans(connection: Any) -> None:
    """This session of the database is ours alone from here on: no pooler gives it to others between transactions."""
    if not _keeps_plans(connection):
        connection.kept_plans = set()


def _keeps_plans(connection: Any) -> bool:
    return hasattr(connection, "kept_plans")


def _prefixed(query: Any, prefix: str, connection: Any) -> str | bytes:
    if isinstance(query, str):
        return prefix + query
    if isinstance(query, bytes):
        return prefix.encode() + query
    return prefix + str(query.as_string(connection))  # psycopg.sql.Composable
