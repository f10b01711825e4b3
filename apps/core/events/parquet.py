"""Archived events as Parquet files, written and read by DuckDB inside this process. Knows files, not databases.

Everything here raises ArchiveUnreadable when a file is missing or is not what it should be.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from apps.core.events.errors import ArchiveUnreadable

if TYPE_CHECKING:
    import duckdb

# As in the log (`log.COLUMNS`) between `position` and `topic`. JSON stays text: nothing is decoded on the way.
COLUMNS = {
    "position": "BIGINT",
    "id": "UUID",
    "type": "VARCHAR",
    "aggregate_id": "UUID",
    "aggregate_type": "VARCHAR",
    "version": "INTEGER",
    "recorded_at": "TIMESTAMPTZ",
    "payload": "VARCHAR",
    "causation_id": "UUID",
    "correlation_id": "VARCHAR",
    "user_id": "UUID",
    "tenant_id": "UUID",
    "sequence": "INTEGER",
    "traceparent": "VARCHAR",
    "impersonator_id": "UUID",
    "origin": "VARCHAR",
    "topic": "VARCHAR",
}
NULL = "\\N"
_NAMES = ", ".join(COLUMNS)
_TYPES = "{" + ", ".join(f"'{name}': '{kind}'" for name, kind in COLUMNS.items()) + "}"
_FORMAT = "(format parquet, compression zstd, row_group_size 20000)"
_OPTIONS = {"autoinstall_known_extensions": False, "autoload_known_extensions": False, "memory_limit": "1GB"}


@dataclass(frozen=True, slots=True)
class Extent:
    """What a file holds."""

    rows: int
    first_position: int
    last_position: int


def from_csv(csv: Path, target: Path) -> None:
    """All rows of a CSV with COLUMNS in their order, sorted by tenant."""
    options = f"header=false, auto_detect=false, quote='\"', escape='\"', nullstr='{NULL}', columns={_TYPES}"
    with _engine(target.parent) as engine:
        engine.execute(f"copy (from read_csv({_text(csv)}, {options}) order by tenant_id) to {_text(target)} {_FORMAT}")


def of_tenant(tenant_id: UUID, source: Path, target: Path) -> Extent:
    """The rows of one tenant in a file of their own, aggregate by aggregate in their order."""
    with _engine(target.parent) as engine:
        engine.execute(
            f"copy (from read_parquet({_text(source)}) where tenant_id = '{tenant_id}'::uuid "
            f"order by aggregate_id, sequence) to {_text(target)} {_FORMAT}"
        )
    return extent(target)


def extent(path: Path) -> Extent:
    """Reads a file's positions."""
    with _engine() as engine:
        found = engine.execute(
            "select count(*), coalesce(min(position), 0), coalesce(max(position), 0) from read_parquet(?)", [str(path)]
        ).fetchone()
    return Extent(*found) if found else Extent(0, 0, 0)


def tenants(path: Path) -> list[UUID]:
    """Whose events a file holds."""
    with _engine() as engine:
        found = engine.execute("select distinct tenant_id from read_parquet(?) order by 1", [str(path)])
        return [row[0] for row in found.fetchall()]


def rows(paths: Sequence[Path], where: str, values: Sequence[Any], *, order: str, limit: int) -> list[tuple[Any, ...]]:
    """Rows of some files, COLUMNS in their order. `where` and `order` are the code's own words, values go beside."""
    if not paths:
        return []
    statement = f"select {_NAMES} from read_parquet(?) where {where} order by {order} limit ?"  # noqa: S608
    with _engine() as engine:
        return engine.execute(statement, [[str(path) for path in paths], *values, limit]).fetchall()


@contextmanager
def _engine(spill: Path | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    import duckdb  # here, since few processes ever read an archive

    options: dict[str, Any] = {**_OPTIONS, **({"temp_directory": str(spill / "spill")} if spill else {})}
    with duckdb.connect(":memory:", config=options) as engine:
        engine.execute("set timezone = 'UTC'")
        try:
            yield engine
        except duckdb.Error as error:
            raise ArchiveUnreadable(f"an archived part of the log cannot be read or written: {error}") from error


def _text(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
