"""Old months of the log leave the database for Parquet files, and nothing is lost at any step.

For each month: written for each tenant, read back and compared, recorded; then the database compares its own rows with
the records, and detaches and drops the partition in one transaction. Whatever interrupts it, the next run goes on: a
file without a record is written again, a record is not made twice, a dropped partition is not looked for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, LiteralString
from uuid import UUID

from django.conf import settings
from django.core.files import File

from apps.core.events import archive, parquet
from apps.core.events.database import Connection, connect
from apps.core.events.errors import ArchivingRuns, StillNeeded
from apps.core.events.subscriptions import groups

_POSITIONS_AT_ONCE = 50_000
_EVENT_COLUMNS = ", ".join(f"event.{name}" for name in parquet.COLUMNS if name != "position")

_PARTITIONS = r"""
select to_date(right(child.relname, 6), 'YYYYMM') from pg_inherits
join pg_class child on child.oid = inhrelid
where inhparent = 'public.events_event'::regclass and child.relname ~ '^events_event_\d{6}$' order by 1
"""
_IN_MONTH = "recorded_at >= %(first)s and recorded_at < %(next)s"
_COPY = f"""
copy (select place.position, {_EVENT_COLUMNS} from events_event event
      left join (select * from events_position where {_IN_MONTH}) place
      on place.event_id = event.id and place.recorded_at = event.recorded_at
      where event.recorded_at >= %(first)s and event.recorded_at < %(next)s)
to stdout (format csv, null '{parquet.NULL}')
"""  # noqa: S608 (constant)
_READ_BY = 'select position from events_consumer_offset where "group" = %s'
_LAST_POSITION = f"select coalesce(max(position), 0) from events_position where {_IN_MONTH}"  # noqa: S608 (constant)
# Nothing is recorded for a tenant that was erased in the meantime.
_RECORD = f"""
insert into events_archive (tenant_id, month, file, rows, sha256, first_position, last_position, archived_at)
select %(tenant)s, %(month)s, %(file)s, %(rows)s, %(sha256)s, %(first_position)s, %(last_position)s, now()
where exists (select from events_event where tenant_id = %(tenant)s and {_IN_MONTH})
"""  # noqa: S608 (constant)
# Months whose partition is gone, and between which positions their events were.
_GONE = """
select month, min(first_position), max(last_position) from events_archive
where to_regclass('public.events_event_' || to_char(month, 'YYYYMM')) is null group by month order by month
"""


@dataclass(frozen=True, slots=True)
class Progress:
    """A step that is done: `written`, `recorded`, `dropped`, `pruned`."""

    alias: str
    month: date
    step: str
    done: int
    of: int


Told = Callable[[Progress], None]


def archive_months(alias: str, *, before: date, told: Told = lambda _: None) -> list[date]:
    """Archive every month of a database that is over before this day's month; returns which.

    Safe to repeat. Raises ArchivingRuns, StillNeeded when a consumer has not read that far.
    """
    limit = min(before.replace(day=1), datetime.now(UTC).date().replace(day=1))
    archived = []
    with _alone(alias) as connection:
        for month in _months(connection, before=limit):
            _require_read(connection, alias, month)
            _copy_out(connection, alias, month, told)
            connection.execute("select events_drop_archived(%s)", [month])
            told(Progress(alias, month, "dropped", 1, 1))
            archived.append(month)
        _prune(connection, alias, told)
    return archived


def faults(alias: str) -> list[str]:
    """Reads every file of a database again; says of each that is missing or other than what was recorded."""
    with connect(alias, "archive check") as connection:
        recorded = connection.execute("select file, sha256 from events_archive order by month, file").fetchall()
    return [fault for file, sha256 in recorded if (fault := _fault(file, sha256))]


def month_before(months: int, *, now: datetime) -> date:
    """The first day of the month that lies so many months before the current one."""
    number = now.year * 12 + now.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)


@contextmanager
def _alone(alias: str) -> Iterator[Connection]:
    with connect(alias, "archiving") as connection:
        row = connection.execute("select pg_try_advisory_lock(hashtext('events:archiving'))").fetchone()
        if row is None or not row[0]:
            raise ArchivingRuns(f"the log of {alias} is being archived already")
        connection.execute("set statement_timeout = 0")
        yield connection


def _months(connection: Connection, *, before: date) -> list[date]:
    return [month for (month,) in connection.execute(_PARTITIONS).fetchall() if month < before]


def _require_read(connection: Connection, alias: str, month: date) -> None:
    """Raises StillNeeded."""
    edge = _edges(month)
    if _one(connection, "select exists (select from events_pending where recorded_at < %(next)s)", edge):
        raise StillNeeded(f"{month:%Y-%m} of {alias} has events without a place: the relay is behind")
    last = _one(connection, _LAST_POSITION, edge)
    for name in _readers(alias):
        read = _one(connection, _READ_BY, [name]) or 0
        if read < last:
            raise StillNeeded(f"{month:%Y-%m} of {alias} was not read to its end by {name}: {read} of {last}")


def _readers(alias: str) -> list[str]:
    """Who must have read the log itself: its groups, or with Kafka the publication, and nobody who is gone."""
    if settings.EVENTS_TRANSPORT == "kafka":
        return [settings.KAFKA_PUBLICATION]
    return [group.name for group in groups() if alias in group.sources]


def _copy_out(connection: Connection, alias: str, month: date, told: Told) -> None:
    """A file with a record for each tenant that has events in the month."""
    done = {row[0] for row in connection.execute("select tenant_id from events_archive where month = %s", [month])}
    with TemporaryDirectory(prefix="archive-") as name:
        staged = _staged(connection, month, Path(name))
        waiting = [tenant_id for tenant_id in parquet.tenants(staged) if tenant_id not in done]
        for count, tenant_id in enumerate(waiting, start=1):
            told_of = (len(done) + count, len(done) + len(waiting))
            values = _written(alias, month, tenant_id, staged)
            told(Progress(alias, month, "written", *told_of))
            if not connection.execute(_RECORD, {**values, **_edges(month)}).rowcount:
                archive.archive_storage().delete(str(values["file"]))
            told(Progress(alias, month, "recorded", *told_of))


def _staged(connection: Connection, month: date, folder: Path) -> Path:
    """The whole month in one local file: the database is read once, however many tenants there are."""
    csv, staged = folder / "month.csv", folder / "month.parquet"
    with connection.cursor() as cursor, cursor.copy(_COPY, _edges(month)) as copy, csv.open("wb") as file:
        for block in copy:
            file.write(block)
    parquet.from_csv(csv, staged)
    csv.unlink()
    return staged


def _written(alias: str, month: date, tenant_id: UUID, staged: Path) -> dict[str, object]:
    """Write a tenant's file and read it back; returns what to record of it. Raises OSError when it came back wrong."""
    path, file = staged.with_name(f"{tenant_id}.parquet"), f"events/{alias}/{month:%Y-%m}/{tenant_id}.parquet"
    extent = parquet.of_tenant(tenant_id, staged, path)
    with path.open("rb") as content:
        sha256 = hashlib.file_digest(content, "sha256").hexdigest()
        archive.archive_storage().delete(file)  # what an interrupted run left
        archive.archive_storage().save(file, File(content))
    path.unlink()
    with archive.local([file]) as (kept,):
        if archive.sha256_of(file) != sha256 or parquet.extent(kept) != extent:
            raise OSError(f"{file} was not kept as it was written")
    return {
        "tenant": tenant_id,
        "month": month,
        "file": file,
        "sha256": sha256,
        "rows": extent.rows,
        "first_position": extent.first_position,
        "last_position": extent.last_position,
    }


def _prune(connection: Connection, alias: str, told: Told) -> None:
    """Positions of archived events lead nowhere any more: the files know them."""
    for month, first, last in connection.execute(_GONE).fetchall():
        steps = range(first, last + 1, _POSITIONS_AT_ONCE)
        pruned = sum(
            _one(connection, "select events_prune_positions(%s, %s, %s)", [month, one, one + _POSITIONS_AT_ONCE])
            for one in steps
        )
        if pruned:
            told(Progress(alias, month, "pruned", pruned, pruned))


def _fault(file: str, sha256: str) -> str:
    try:
        return "" if archive.sha256_of(file) == sha256 else f"{file} is not what was recorded"
    except OSError as error:
        return f"{file} cannot be read: {error}"


def _edges(month: date) -> dict[str, datetime]:
    first = datetime(month.year, month.month, 1, tzinfo=UTC)
    return {"first": first, "next": first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)}


def _one(connection: Connection, statement: LiteralString, values: Any) -> Any:
    row = connection.execute(statement, values).fetchone()
    return row[0] if row else None
