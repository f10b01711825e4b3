"""Django's PostgreSQL backend with scoped cursors. Settings: ENGINE = "apps.core.tenancy.postgresql"."""

from __future__ import annotations

from typing import Any

from django.db.backends.postgresql import base, operations, schema
from psycopg import OperationalError

from apps.core.resilience import NotCalled
from apps.core.resilience.dependencies import POSTGRESQL
from apps.core.tenancy.postgresql.cursors import ScopedCursor, ScopedServerSideCursor, forget_settings, keep_plans
from apps.core.tenancy.postgresql.session import END_OF_PREFIX


class DatabaseOperations(operations.DatabaseOperations):
    """Query logs and captured queries show the statement, not what travels with it."""

    def last_executed_query(self, cursor: Any, sql: Any, params: Any) -> Any:
        query = super().last_executed_query(cursor, sql, params)
        return query.rpartition(END_OF_PREFIX)[2] if isinstance(query, str) else query


class DatabaseSchemaEditor(schema.DatabaseSchemaEditor):
    """A new column keeps its default in the database: while a release rolls out, processes of the one before still
    insert rows, and do not name the column.
    """

    _adds_field = False

    def add_field(self, model: Any, field: Any) -> None:
        self._adds_field = True
        try:
            super().add_field(model, field)
        finally:
            self._adds_field = False

    def skip_default_on_alter(self, field: Any) -> bool:
        return self._adds_field or bool(super().skip_default_on_alter(field))


class DatabaseWrapper(base.DatabaseWrapper):
    """See `cursors`. Needs client-side binding: a system check refuses `server_side_binding`.

    `KEEPS_PLANS` beside ENGINE says that a session stays ours between transactions (see `kept_plans`).
    """

    ops_class = DatabaseOperations
    SchemaEditorClass = DatabaseSchemaEditor

    def get_connection_params(self) -> dict[str, Any]:
        return {**super().get_connection_params(), "cursor_factory": ScopedCursor}

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        connect = super().get_new_connection
        try:
            connection = POSTGRESQL.call(lambda _: connect(conn_params), address=_address(conn_params))
        except NotCalled as error:
            raise OperationalError(str(error)) from error
        if self.settings_dict.get("KEEPS_PLANS"):
            keep_plans(connection)
        return connection

    def create_cursor(self, name: str | None = None) -> Any:
        if name is None:
            return super().create_cursor()
        return ScopedServerSideCursor(self.connection, name=name, scrollable=False, withhold=self.connection.autocommit)

    def _set_autocommit(self, autocommit: bool) -> None:
        super()._set_autocommit(autocommit)
        forget_settings(self.connection)

    def _savepoint_rollback(self, sid: str) -> None:
        super()._savepoint_rollback(sid)
        forget_settings(self.connection)


def _address(known: dict[str, Any]) -> str:
    return f"{known.get('host', '')}:{known.get('port', '')}/{known.get('dbname', '')}"
