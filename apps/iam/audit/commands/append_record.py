"""Give what happened its place in the chain of the tenant."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from apps.core.events import unit_of_work
from apps.core.observability import get_logger
from apps.core.tenancy import require_tenant_id
from apps.iam.audit import chain
from apps.iam.audit.chain import HeadState
from apps.iam.audit.facts import Facts
from apps.iam.audit.models import SecurityChain, SecurityRecord

_TICK = timedelta(microseconds=1)
_logger = get_logger("iam.audit")


def append_record(facts: Facts, *, now: datetime) -> SecurityRecord:
    """Append one record to the current tenant's chain. Called by the consumer, whose inbox makes it happen once.

    Other writers of the same chain wait for the transaction's end. A head that somebody else wrote stops nothing, but
    is remembered in every later seal. Four statements. Raises NoTenant.
    """
    with unit_of_work(SecurityRecord):
        head = lock_head()
        state = _state_to_follow(head)
        earliest = head.recorded_at + _TICK if head.recorded_at else now
        record = SecurityRecord.following(state, facts, recorded_at=max(now, earliest))
        record.save(force_insert=True)
        head.recorded_at = record.recorded_at
        head.put(replace(state, sequence=record.sequence, hash=record.hash))
        head.save(force_update=True)
    return record


def lock_head() -> SecurityChain:
    """The head of the current tenant's chain, locked to the end of the transaction; made if there is none."""
    heads = SecurityChain.objects.select_for_update().filter(tenant_id=require_tenant_id())
    found = heads.first()
    if found is None:
        new = SecurityChain()
        new.put(HeadState())
        SecurityChain.objects.bulk_create([new], ignore_conflicts=True)
        found = heads.get()
    return found


def _state_to_follow(head: SecurityChain) -> HeadState:
    state = chain.state_of(head)
    if state is not None and (state.sequence or not SecurityRecord.objects.in_tenant().exists()):
        return state
    # Somebody without our key wrote the head, or took it away. We go on from what there is, and keep saying so.
    last = SecurityRecord.objects.in_tenant().order_by("-sequence").first()
    place = max(last.sequence if last else 0, head.sequence)
    _logger.error("audit.chain_broken", tenant_id=str(head.tenant_id), after=place)
    return HeadState(
        sequence=place,
        hash=last.hash if last and last.sequence == place else head.hash,
        base_sequence=head.base_sequence,
        base_hash=head.base_hash,
        broken_after=place,
    )
