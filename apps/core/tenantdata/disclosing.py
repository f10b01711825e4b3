"""What one database keeps of a person, for their own eyes (the right of access): the rows that name them, and what
hangs on those rows. Of each row as it is now; what changed before is not told.
"""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.db import connections, models

from apps.core.crypto.fields import open_rows
from apps.core.tenancy import require_tenant_id
from apps.core.tenantdata.forgetting import is_history
from apps.core.tenantdata.tables import ExportedTable, exported_tables, model_of

Rows = list[dict[str, Any]]


def rows_about(alias: str, person_id: UUID, *, named_by: str) -> dict[str, Rows]:
    """Rows of the current tenant by table, in plain and without secrets; tables that say nothing are left out.

    A row is about the person whose id stands in a column that `personal_columns` name, or else in one that is called
    `named_by`. A statement for each table. Raises NoTenant.
    """
    tables = [table for table in exported_tables(alias) if not is_history(model_of(alias, table.name))]
    naming = {table.name: column for table in tables if (column := _naming(alias, table, named_by))}
    found = {table.name: _rows(alias, table, _about(alias, table, naming), person_id) for table in tables}
    return {name: rows for name, rows in found.items() if rows}


def _naming(alias: str, table: ExportedTable, named_by: str) -> str | None:
    whose = [*getattr(model_of(alias, table.name), "personal_columns", {}).values(), named_by]
    return next((column for column in whose if column in table.columns), None)


def _about(alias: str, table: ExportedTable, naming: dict[str, str]) -> str:
    """Which rows; empty where none can be."""
    if table.name in naming:
        return f'"{naming[table.name]}" = %(person)s'
    return " or ".join(
        f'"{field.column}" in (select id from "{parent}" where tenant_id = %(tenant)s '  # noqa: S608 (of the models)
        f'and "{naming[parent]}" = %(person)s)'
        for field in model_of(alias, table.name)._meta.concrete_fields
        if isinstance(field, models.ForeignKey) and (parent := field.related_model._meta.db_table) in naming
    )


def _rows(alias: str, table: ExportedTable, about: str, person_id: UUID) -> Rows:
    if not about:
        return []
    columns = ", ".join(f'"{column}"' for column in table.columns)
    with connections[alias].cursor() as cursor:
        cursor.execute(
            f'select to_jsonb(page)::text from (select {columns} from "{table.name}" '  # noqa: S608 (of the models)
            f"where tenant_id = %(tenant)s and ({about}) order by 1) page",
            {"tenant": require_tenant_id(), "person": person_id},
        )
        read = [json.loads(row) for (row,) in cursor.fetchall()]
    return open_rows(model_of(alias, table.name), read, database=alias)
