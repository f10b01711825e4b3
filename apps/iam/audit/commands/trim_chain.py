"""Take away the months of the security log that are past their retention. Only the owner of the tables can."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db import connections

from apps.core.db.router import alias_for
from apps.core.events import unit_of_work
from apps.core.history import Actor
from apps.core.tenancy import require_tenant_id, tenant
from apps.iam.audit import chain
from apps.iam.audit.commands.append_record import lock_head
from apps.iam.audit.commands.record_security_event import record_security_event
from apps.iam.audit.errors import ChainBroken
from apps.iam.audit.kinds import Kind
from apps.iam.audit.models import SecurityChain, SecurityRecord


@dataclass(frozen=True, slots=True)
class Month:
    """A partition of the log: records from `first` to before `next`."""

    table: str
    first: datetime
    next: datetime


def months() -> list[Month]:
    """Every monthly partition there is, the oldest first."""
    with connections[alias_for(SecurityRecord)].cursor() as cursor:
        cursor.execute(
            "select relname, (regexp_match(bounds, 'FROM \\(''([^'']+)''\\)'))[1]::timestamptz, "
            "(regexp_match(bounds, 'TO \\(''([^'']+)''\\)'))[1]::timestamptz "
            "from (select relname, pg_get_expr(relpartbound, c.oid) bounds from pg_inherits "
            "join pg_class c on c.oid = inhrelid where inhparent = 'audit_security_record'::regclass) parts "
            "where bounds like 'FOR VALUES%%' order by 2"
        )
        return [Month(*row) for row in cursor.fetchall()]


def trim_month(month: Month, *, tenant_ids: list[UUID], actor: Actor) -> dict[UUID, int]:
    """Drop one month, and move the beginning of each chain behind it, in one transaction; returns how many records
    each chain lost.

    It must be the oldest month. Run it as the owner, who holds SECRET_KEY for the seals. Every chain that lost records
    records that it did. Raises ChainBroken, changing nothing, when a chain's head is not what we wrote.
    """
    lost: dict[UUID, int] = {}
    with unit_of_work(SecurityChain) as work:
        for tenant_id in tenant_ids:
            with tenant(tenant_id):
                count = _move_base(month)
                if count:
                    lost[tenant_id] = count
                    _record(month, count, actor=actor)
        with connections[work.alias].cursor() as cursor:
            cursor.execute(f'drop table "{month.table}"')
    return lost


def _move_base(month: Month) -> int:
    records = SecurityRecord.objects.in_tenant().filter(recorded_at__lt=month.next)
    last = records.order_by("-sequence").first()
    if last is None:
        return 0
    head = lock_head()
    state = chain.state_of(head)
    if state is None:
        raise ChainBroken(f"the head of chain {head.tenant_id} was not written by the platform: verify it first")
    count = records.count()
    head.put(replace(state, base_sequence=last.sequence, base_hash=last.hash))
    head.save(force_update=True)
    return count


def _record(month: Month, count: int, *, actor: Actor) -> None:
    record_security_event(
        Kind.AUDIT_TRIMMED,
        subject_id=require_tenant_id(),
        actor=actor,
        details={"records": str(count), "from": f"{month.first:%Y-%m-%d}", "before": f"{month.next:%Y-%m-%d}"},
    )
