"""Reading what was archived. Each file holds one month of one tenant. Row-level security says whose files they are, and
each reading names the tenant once more.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from shutil import copyfileobj
from tempfile import NamedTemporaryFile
from typing import Any
from uuid import UUID

from django.core.files.storage import Storage, storages
from django.db import connections

from apps.core.events import parquet
from apps.core.events.database import Connection
from apps.core.events.envelope import Envelope, plain_row
from apps.core.events.errors import ArchiveUnreadable
from apps.core.events.rows import envelope_of
from apps.core.events.span import Mark, Span
from apps.core.tenancy import require_tenant_id

_EVERYTHING = 2**62
_BEHIND = "(recorded_at, id) > (?::timestamptz, ?::uuid)"
_OF_TENANT = """
select file from events_archive where tenant_id = %s and month + interval '1 month' > %s and month < %s order by month
"""
_BY_POSITION = """
select file from events_archive where last_position > %s and first_position <= %s order by first_position
"""


@dataclass(frozen=True, slots=True)
class Archived:
    """An event at its place in the log."""

    position: int
    envelope: Envelope


def stream(aggregate_id: UUID, *, using: str, after: int, before: int) -> list[Envelope]:
    """The archived part of an aggregate's stream, between two sequences (both excluded). One statement."""
    found = _of_tenant(
        _files(using),
        "aggregate_id = ? and sequence > ? and sequence < ?",
        [aggregate_id, after, before],
        order="sequence",
    )
    return [one.envelope for one in found]


def between(span: Span, *, using: str) -> Iterator[Envelope]:
    """What of a span of the current tenant was archived, month by month in the log's order."""
    where, values = _meant(span)
    for file in _files(using, since=span.since, until=span.until):
        yield from (one.envelope for one in _of_tenant([file], where, values, order="position"))


def page(span: Span, *, using: str, after: Mark, limit: int) -> list[Envelope]:
    """The first archived events of a span that stand behind a place, as they were recorded.

    Reads the months that it needs.
    """
    where, values = _meant(span)
    found: list[Envelope] = []
    for file in _files(using, since=max(span.since, after[0]), until=span.until):
        rows = _of_tenant([file], f"{where} and {_BEHIND}", [*values, *after], order="recorded_at, id", limit=limit)
        found += [one.envelope for one in rows]
        if len(found) >= limit:
            break
    return found[:limit]


def _meant(span: Span) -> tuple[str, list[Any]]:
    named = list(span.conditions(value="?", among="list_contains(?, {column})"))
    return " and ".join(condition for condition, _ in named), [value for _, value in named]


def months(using: str) -> list[date]:
    """The months of the current tenant that were archived, as their first days. One statement."""
    with connections[using].cursor() as cursor:
        cursor.execute("select month from events_archive where tenant_id = %s order by month", [require_tenant_id()])
        return [row[0] for row in cursor.fetchall()]


def rows(using: str, month: date) -> list[dict[str, Any]]:
    """A month's events of the current tenant as plain rows of the log, for an export."""
    first = datetime(month.year, month.month, month.day, tzinfo=UTC)
    with local(_files(using, since=first, until=first + timedelta(days=1))) as paths:
        found = parquet.rows(paths, "tenant_id = ?", [require_tenant_id()], order="position", limit=_EVERYTHING)
    return [_plain(row) for row in found]


def places(connection: Connection, *, after: int, up_to: int, event_types: Sequence[str], limit: int) -> list[Archived]:
    """Archived events of all tenants by their place in the log, for a connection of the relay's: to replay them."""
    files = [row[0] for row in connection.execute(_BY_POSITION, [after, up_to]).fetchall()]
    where = "position > ? and position <= ? and list_contains(?, type)"
    with local(files) as paths:
        found = parquet.rows(paths, where, [after, up_to, list(event_types)], order="position", limit=limit)
    return [_archived(row) for row in found]


def erase_files(using: str) -> int:
    """Delete the files of the current tenant; returns how many there were. Their records go with its rows."""
    storage = archive_storage()
    there = [file for file in _files(using) if storage.exists(file)]
    for file in there:
        storage.delete(file)
    return len(there)


def archive_storage() -> Storage:
    """Where the files are."""
    return storages["archive"]


def sha256_of(file: str) -> str:
    """Of the file as the storage gives it back. Raises OSError when it is not there."""
    with archive_storage().open(file) as content:
        return hashlib.file_digest(content, "sha256").hexdigest()  # type: ignore[arg-type]


@contextmanager
def local(files: Iterable[str]) -> Iterator[list[Path]]:
    """The files as paths of this machine: where they are, or copies of those elsewhere. Raises ArchiveUnreadable."""
    with ExitStack() as copies:
        try:
            paths = [_path(file, copies) for file in files]
        except OSError as error:
            raise ArchiveUnreadable(f"an archived part of the log cannot be read: {error}") from error
        yield paths


def _path(file: str, copies: ExitStack) -> Path:
    storage = archive_storage()
    with suppress(NotImplementedError):
        if (path := Path(storage.path(file))).exists():
            return path
    copy = copies.enter_context(NamedTemporaryFile(suffix=".parquet"))  # noqa: SIM115 (the stack closes it)
    with storage.open(file) as content:
        copyfileobj(content, copy)
    copy.flush()
    return Path(copy.name)


def _files(using: str, *, since: datetime | None = None, until: datetime | None = None) -> list[str]:
    with connections[using].cursor() as cursor:
        cursor.execute(_OF_TENANT, [require_tenant_id(), since or "-infinity", until or "infinity"])
        return [row[0] for row in cursor.fetchall()]


def _of_tenant(
    files: list[str], where: str, values: Sequence[Any], *, order: str, limit: int = _EVERYTHING
) -> list[Archived]:
    """A file that is another tenant's by mistake shows nothing."""
    with local(files) as paths:
        found = parquet.rows(
            paths, f"tenant_id = ? and {where}", [require_tenant_id(), *values], order=order, limit=limit
        )
    return [_archived(row) for row in found]


def _plain(row: tuple[Any, ...]) -> dict[str, Any]:
    named = dict(zip(parquet.COLUMNS, row, strict=True))
    parsed = {name: json.loads(named[name]) for name in ("payload", "origin") if named[name] is not None}
    texts = {name: str(value) for name, value in named.items() if isinstance(value, UUID)}
    return plain_row({**named, **texts, **parsed, "recorded_at": named["recorded_at"].isoformat()})


def _archived(row: tuple[Any, ...]) -> Archived:
    return Archived(row[0], envelope_of(row[1:-1]))
