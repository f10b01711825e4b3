"""Many rows in one statement, from plain structs: for read models, which are made of millions of events.

The ORM needs most of a hundred microseconds to put a row into a statement. Here the rows travel as one JSON document,
which PostgreSQL takes apart. Names of columns come from the code, never from outside.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec
from django.db import connections, models

from apps.core.db.router import alias_for


def insert_rows(model: type[models.Model], rows: Sequence[msgspec.Struct]) -> None:
    """Insert rows of one struct, whose fields are columns of the table; other columns get the database's default.

    One statement. Raises IntegrityError.
    """
    if rows:
        columns = _listed(rows[0].__struct_fields__)
        _run(model, f"insert into {{table}} ({columns}) select {columns} from {{rows}} rows", rows)  # noqa: S608


def update_rows(model: type[models.Model], rows: Sequence[msgspec.Struct], columns: Sequence[str]) -> None:
    """Write these columns of rows that are there, by `tenant_id` and `id`. One statement."""
    if rows:
        changed = f"({_listed(columns)}) = row ({_listed(columns, 'rows.')})"
        same = "known.tenant_id = rows.tenant_id and known.id = rows.id"
        _run(model, f"update {{table}} known set {changed} from {{rows}} rows where {same}", rows)  # noqa: S608


def merge_rows(
    model: type[models.Model], rows: Sequence[msgspec.Struct], *, key: Sequence[str], merged: Mapping[str, str]
) -> None:
    """Insert rows of one struct; where a row with the same key is there, its columns become what `merged` says of
    `known` and `excluded`. No two rows may have the same key. One statement.
    """
    if rows:
        columns = _listed(rows[0].__struct_fields__)
        changes = ", ".join(f'"{name}" = {expression}' for name, expression in merged.items())
        insert = f"insert into {{table}} as known ({columns}) select {columns} from {{rows}} rows"  # noqa: S608
        _run(model, f"{insert} on conflict ({_listed(key)}) do update set {changes}", rows)


def _run(model: type[models.Model], statement: str, rows: Sequence[msgspec.Struct]) -> None:
    table = f'"{model._meta.db_table}"'
    source = f"json_populate_recordset(null::{table}, %s::json)"
    with connections[alias_for(model)].cursor() as cursor:
        cursor.execute(statement.format(table=table, rows=source), [msgspec.json.encode(rows).decode()])


def _listed(names: Iterable[str], prefix: str = "") -> str:
    return ", ".join(f'{prefix}"{name}"' for name in names)
