"""Reading a tenant's rows out, page by page, in the order of their keys."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connections

from apps.core.crypto.fields import open_rows
from apps.core.tenancy import require_tenant_id
from apps.core.tenantdata.tables import ExportedTable, exported_tables, model_of

PAGE = 1000


@dataclass(frozen=True, slots=True)
class RowsPage:
    """Some rows as JSON objects, and what to ask for the next ones with; None after the last."""

    rows: list[dict[str, Any]]
    after: str | None


def page_of_rows(alias: str, table: str, *, after: str | None = None, limit: int = PAGE) -> RowsPage:
    """Rows of the current tenant, what is encrypted in plain. One statement, beside those for the keys.

    Raises KeyError for a table that no export has, NoTenant.
    """
    found = {one.name: one for one in exported_tables(alias)}[table]
    statement, values = _statement(found, after, limit)
    with connections[alias].cursor() as cursor:
        cursor.execute(statement, values)
        read = [json.loads(row) for (row,) in cursor.fetchall()]
    rows = [_in_plain(alias, table, row) for row in open_rows(model_of(alias, table), read, database=alias)]
    if len(rows) < limit:
        return RowsPage(rows, None)
    return RowsPage(rows, json.dumps([rows[-1][column] for column in found.key]))


def all_rows(alias: str, table: str) -> Iterator[dict[str, Any]]:
    """Every row of the current tenant, a page at a time."""
    after: str | None = None
    while True:
        page = page_of_rows(alias, table, after=after)
        yield from page.rows
        after = page.after
        if after is None:
            return


def _in_plain(alias: str, table: str, row: dict[str, Any]) -> dict[str, Any]:
    """A row as its owner may read it: a model with encrypted values in what it holds can open them (`plain_row`)."""
    plain_row = getattr(model_of(alias, table), "plain_row", None)
    return plain_row(row) if plain_row else row


def _statement(table: ExportedTable, after: str | None, limit: int) -> tuple[str, list[Any]]:
    """Names come from the models, values go beside the statement."""
    columns = ", ".join(f'"{column}"' for column in table.columns)
    key = ", ".join(f'"{column}"' for column in table.key)
    values: list[Any] = [require_tenant_id()]
    beyond = ""
    if after is not None:
        beyond = f" and ({key}) > ({', '.join(['%s'] * len(table.key))})"
        values += json.loads(after)
    return (
        f"select to_jsonb(page)::text from (select {columns} "  # noqa: S608
        f'from "{table.name}" where tenant_id = %s{beyond} order by {key} limit %s) page',
        [*values, limit],
    )
