"""The security log as a file: JSON Lines or CSV, with the hashes, so that it can be verified without the platform.

The last line of a JSON Lines file is a signed checkpoint that also says what the file holds: filters, number of
records, and a digest of their hashes. CSV has no place for one, and so shows altered records, but not missing ones.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from apps.core.history import Actor
from apps.core.tenancy import require_tenant_id
from apps.iam.audit import chain, security_queries
from apps.iam.audit.checkpoints import signed_checkpoint
from apps.iam.audit.commands import record_security_event
from apps.iam.audit.kinds import Kind
from apps.iam.audit.models import SecurityChain, SecurityRecord, SecurityRecordQuerySet

FORMATS = {"jsonl": "application/x-ndjson", "csv": "text/csv"}
COLUMNS = (
    *("sequence", "id", "recorded_at", "at", "kind", "outcome", "actor_kind", "actor_id", "actor_name"),
    *("impersonator_id", "impersonator_name", "subject_id", "address", "user_agent", "session_id", "reason"),
    *("details", "trace_id", "tenant_id", "format", "previous_hash", "hash"),
)
# A spreadsheet takes what begins so for a formula: CWE-1236. A quote before it is taken off again by `plain`.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")


def export(
    rows: SecurityRecordQuerySet, *, format: str, filters: Mapping[str, str], actor: Actor, now: datetime
) -> Iterator[bytes]:
    """Record that the log is exported, and give the file piece by piece, in the order of the chain.

    It ends where the chain ends now, and so does not hold the record of itself.
    """
    head = security_queries.head()
    described = {"format": format, **{f"filter_{name}": value for name, value in filters.items()}}
    record_security_event(
        Kind.AUDIT_EXPORTED, subject_id=actor.id or require_tenant_id(), details=described, actor=actor
    )
    pages = security_queries.in_chain_order(rows.filter(sequence__lte=head.sequence))
    return _csv(pages) if format == "csv" else _json_lines(pages, head=head, filters=dict(filters), now=now)


def whole_log(*, now: datetime) -> Iterator[dict[str, Any]]:
    """The lines of a JSON Lines file with every record of the current tenant, as part of something larger."""
    head = security_queries.head()
    pages = security_queries.in_chain_order(SecurityRecord.objects.in_tenant().filter(sequence__lte=head.sequence))
    for piece in _json_lines(pages, head=head, filters={}, now=now):
        yield from map(json.loads, piece.splitlines())


def filename(format: str, *, now: datetime) -> str:
    return f"security-log-{now:%Y%m%dT%H%M%SZ}.{format}"


def plain(cell: str) -> str:
    """A cell of our CSV as it was before it was made harmless."""
    return cell[1:] if cell.startswith("'") else cell


def _json_lines(
    pages: Iterator[list[SecurityRecord]], *, head: SecurityChain, filters: dict[str, str], now: datetime
) -> Iterator[bytes]:
    digest, count = hashlib.sha256(), 0
    for page in pages:
        yield b"".join(_line({**chain.content_of(record), "hash": record.hash}) for record in page)
        for record in page:
            digest.update(record.hash.encode())
        count += len(page)
    described = {"filters": filters, "records": count, "digest": digest.hexdigest()}
    token = signed_checkpoint(
        tenant_id=head.tenant_id, sequence=head.sequence, hash=head.hash, now=now, export=described
    )
    yield _line({"checkpoint": token})


def _line(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _csv(pages: Iterator[list[SecurityRecord]]) -> Iterator[bytes]:
    yield _rows([COLUMNS])
    for page in pages:
        yield _rows([_cells({**chain.content_of(record), "hash": record.hash}) for record in page])


def _cells(content: Mapping[str, Any]) -> list[str]:
    details = json.dumps(content["details"], sort_keys=True, ensure_ascii=False)
    texts = ["" if content[name] is None else str({**content, "details": details}[name]) for name in COLUMNS]
    return [f"'{text}" if text.startswith(_FORMULA) else text for text in texts]


def _rows(rows: list[Any]) -> bytes:
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue().encode()
