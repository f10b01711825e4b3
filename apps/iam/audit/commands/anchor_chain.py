"""Make a checkpoint of a chain, and let it leave the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from apps.core.events import unit_of_work
from apps.core.observability import get_logger
from apps.core.tenancy import require_tenant_id
from apps.iam.audit import chain
from apps.iam.audit.checkpoints import signed_checkpoint
from apps.iam.audit.commands.append_record import lock_head
from apps.iam.audit.errors import ChainBroken
from apps.iam.audit.events import SecurityLogAnchored
from apps.iam.audit.models import SecurityChain

_logger = get_logger("iam.audit")


@dataclass(frozen=True, slots=True)
class Anchor:
    """A checkpoint that was made: `token` is its signed text."""

    tenant_id: UUID
    sequence: int
    token: str


def anchor_chain(*, now: datetime, again: bool = False) -> Anchor | None:
    """Sign where the current tenant's chain ends, publish it as an event and write it to the log of the process.

    None when nothing was recorded since the last checkpoint, unless `again`. Raises NoTenant, and ChainBroken when the
    head is not what we wrote: that must not get our signature.
    """
    tenant_id = require_tenant_id()
    with unit_of_work(SecurityChain) as work:
        head = lock_head()
        if head.sequence == 0 or (head.sequence == head.anchored_sequence and not again):
            return None
        state = chain.state_of(head)
        if state is None:
            raise ChainBroken(f"the head of chain {tenant_id} was not written by the platform")
        token = signed_checkpoint(tenant_id=tenant_id, sequence=state.sequence, hash=state.hash, now=now)
        head.anchored_sequence = state.sequence
        head.save(update_fields=["anchored_sequence"])
        work.publish(
            SecurityLogAnchored(
                security_log_id=chain.log_id(tenant_id),
                sequence=state.sequence,
                hash=state.hash,
                checkpoint=token,
                occurred_at=now,
            )
        )
    _logger.info("audit.anchored", tenant_id=str(tenant_id), sequence=state.sequence, checkpoint=token)
    return Anchor(tenant_id, state.sequence, token)
