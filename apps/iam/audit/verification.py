"""Is the security log what was written? Reads a chain of any length in bounded memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connections
from prometheus_client import Counter

from apps.core.crypto.signing import NotSigned
from apps.core.db.router import alias_for
from apps.core.events import log
from apps.core.observability import get_logger
from apps.core.tenancy import require_tenant_id
from apps.iam.audit import chain, security_queries
from apps.iam.audit.checkpoints import Checkpoint, checking_keys, read_checkpoint, signed_checkpoint
from apps.iam.audit.events import SecurityLogAnchored
from apps.iam.audit.models import SecurityChain, SecurityRecord
from apps.iam.audit.walking import Fault, Problem, Walk

MOST_PROBLEMS = 100
_UNSEALED = (
    "the head of the chain was not written by the platform, or DJANGO_SECRET_KEY was replaced without keeping the "
    "former one in DJANGO_SECRET_KEY_FALLBACKS"
)
_problems = Counter("audit_chain_problems_total", "Faults that verifications of the security log found.", ["fault"])
_logger = get_logger("iam.audit")


@dataclass(slots=True)
class Report:
    """What a verification of one chain found: `problems` holds the first MOST_PROBLEMS.

    It read the `records` from `first` (None: there are none) to `last`. `head` is where the chain ended when it began,
    `checkpoints` is how many were held against it.
    """

    tenant_id: UUID
    first: int | None = None
    last: int = 0
    head: int = 0
    head_hash: str = chain.NO_HASH
    records: int = 0
    checkpoints: int = 0
    problems: list[Problem] = field(default_factory=list)
    more_problems: bool = False

    @property
    def intact(self) -> bool:
        return not self.problems

    def add(self, problems: Iterable[Problem]) -> None:
        for problem in problems:
            if len(self.problems) < MOST_PROBLEMS:
                self.problems.append(problem)
            else:
                self.more_problems = True


def verify(*, start: int = 1, limit: int | None = None, checkpoints: Iterable[Checkpoint] = ()) -> Report:
    """Verify the current tenant's chain from the record `start` on, all of it or `limit` records.

    Holds it against its links, its sealed head, the latest checkpoint in the event log and the given ones. One
    statement per 1,000 records.
    """
    head = security_queries.head()
    report = Report(head.tenant_id, head=head.sequence, head_hash=head.hash)
    kept = _of_this_chain(report, [*checkpoints, *_latest_anchor()])
    start = max(start, head.base_sequence + 1)
    end = head.sequence if limit is None else min(head.sequence, start + limit - 1)
    walk = Walk(*_predecessor(head, start), checkpoints={point.sequence: point.hash for point in kept})
    report.add(_head_problems(head))
    rows = SecurityRecord.objects.in_tenant().filter(sequence__gte=start, sequence__lte=end)
    for page in security_queries.in_chain_order(rows):
        for record in page:
            report.add(_problems_of(record, walk))
    report.first, report.last, report.records = walk.first, walk.after or 0, walk.records
    report.add(_end_problems(head, walk, start, end))
    report.add(_checkpoint_problems(head, kept))
    return report


def verify_newest(*, limit: int) -> Report:
    """Verify the last `limit` records of the current tenant's chain."""
    return verify(start=max(1, security_queries.head().sequence - limit + 1))


@dataclass(frozen=True, slots=True)
class Statement:
    """A report for people far away, with what they need to check later for themselves."""

    intact: bool
    first: int | None
    last: int
    records: int
    head: int
    head_hash: str
    next: int | None
    problems: list[Problem]
    checkpoint: str | None
    keys: list[dict[str, Any]]


def statement(*, now: datetime, start: int | None = None) -> Statement:
    """Verify AUDIT_VERIFY_RECORDS records of the current tenant's chain: from `start` on, or the newest.

    Where nothing is wrong, also sign where the chain ends.
    """
    limit: int = settings.AUDIT_VERIFY_RECORDS
    report = verify_newest(limit=limit) if start is None else verify(start=start, limit=limit)
    checkpoint = None
    if report.intact and report.head:
        checkpoint = signed_checkpoint(tenant_id=report.tenant_id, sequence=report.head, hash=report.head_hash, now=now)
    following = max(report.last, (start or 1) - 1) + 1
    return Statement(
        intact=report.intact,
        first=report.first,
        last=report.last,
        records=report.records,
        head=report.head,
        head_hash=report.head_hash,
        next=following if report.records and following <= report.head else None,
        problems=report.problems,
        checkpoint=checkpoint,
        keys=checking_keys(),
    )


def sound_alarm(report: Report) -> None:
    """Log and count what a verification found, for whoever is on call."""
    for problem in report.problems:
        _problems.labels(problem.fault).inc()
        _logger.error("audit.tampered", tenant_id=str(report.tenant_id), fault=problem.fault, text=problem.text)


def _problems_of(record: SecurityRecord, walk: Walk) -> Iterator[Problem]:
    yield from walk.step(chain.content_of(record), record.hash)
    if record.search_keys() != (record.actor_key, record.reason_key):
        text = f"record {record.sequence} ({record.event_id}) is hidden from searches: its search keys were altered"
        yield Problem(Fault.ALTERED, record.sequence, text)


def _predecessor(head: SecurityChain, start: int) -> tuple[int | None, str | None]:
    """Place and hash of the record before `start`."""
    if start == head.base_sequence + 1:
        return head.base_sequence, head.base_hash
    before = SecurityRecord.objects.in_tenant().filter(sequence=start - 1).first()
    return (start - 1, before.hash) if before else (start - 1, None)


def _head_problems(head: SecurityChain) -> Iterator[Problem]:
    if head.sequence == 0 and not head.seal:
        return  # nothing was ever recorded, or so it seems: `_end_problems` looks for records without a head
    state = chain.state_of(head)
    if state is None:
        yield Problem(Fault.HEAD_ALTERED, head.sequence, _UNSEALED)
    elif state.broken_after >= 0:
        text = f"the head was once not the platform's: what is up to record {state.broken_after} may be forged"
        yield Problem(Fault.HEAD_ALTERED, state.broken_after, text)


def _end_problems(head: SecurityChain, walk: Walk, start: int, end: int) -> Iterator[Problem]:
    last = walk.after or 0
    if last < end and end >= start:
        yield Problem(Fault.TRUNCATED, last + 1, f"the chain should go on to record {end}, and ends with {last}")
    elif last == head.sequence and walk.records and walk.after_hash != head.hash:
        yield Problem(Fault.HEAD_ALTERED, last, f"record {last} is not the one that the head of the chain names")
    ends, longest = _ends_now()
    if longest > ends:
        text = f"records after {ends}, where the chain ends, were never written by the platform: up to {longest}"
        yield Problem(Fault.INSERTED, ends + 1, text)


def _ends_now() -> tuple[int, int]:
    """Where the head says that the chain ends, and the last record there is: of one moment, since both move on."""
    with connections[alias_for(SecurityRecord)].cursor() as cursor:
        cursor.execute(
            "select coalesce((select sequence from audit_security_chain where tenant_id = %(tenant)s), 0), "
            "coalesce((select max(sequence) from audit_security_record where tenant_id = %(tenant)s), 0)",
            {"tenant": require_tenant_id()},
        )
        ends, longest = cursor.fetchone()
    return int(ends), int(longest)


def _latest_anchor() -> list[Checkpoint]:
    """The checkpoint that the event log has last. One that we did not sign counts for nothing."""
    log_id, alias = chain.log_id(require_tenant_id()), alias_for(SecurityRecord)
    version = log.stream_version(log_id, using=alias)
    for envelope in log.stream(log_id, using=alias, after=max(0, version - 1)):
        happened = envelope.event() if envelope.event_type == SecurityLogAnchored.__name__ else None
        if isinstance(happened, SecurityLogAnchored):
            try:
                return [read_checkpoint(happened.checkpoint)]
            except NotSigned:
                return []
    return []


def _of_this_chain(report: Report, checkpoints: Iterable[Checkpoint]) -> list[Checkpoint]:
    own = [point for point in checkpoints if point.tenant_id == report.tenant_id]
    report.checkpoints = len(own)
    return own


def _checkpoint_problems(head: SecurityChain, kept: Iterable[Checkpoint]) -> Iterator[Problem]:
    """Of those that no record was held against: beyond the end, or before the beginning."""
    for point in kept:
        if point.sequence > head.sequence:
            text = f"at {point.at} the chain had {point.sequence} records, and now ends with {head.sequence}: truncated"
            yield Problem(Fault.CHECKPOINT, point.sequence, text)
        elif point.sequence == head.base_sequence and point.hash != head.base_hash:
            text = f"what retention took away ended otherwise than it did at {point.at}"
            yield Problem(Fault.CHECKPOINT, point.sequence, text)
