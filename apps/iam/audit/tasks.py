"""Celery entry points of the security log."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from apps.core.observability import get_logger
from apps.core.tenancy import tenant
from apps.iam.audit import anchoring, commands, maintenance, verification
from apps.iam.audit.errors import ChainBroken

_logger = get_logger("iam.audit")
_NIGHTLY_RECORDS = 100_000


@shared_task(name="audit.maintain_partitions", acks_late=True)
def maintain_partitions(**_later: object) -> None:
    """Have the next months' partitions. Safe to run twice, or twice at once."""
    maintenance.create_partitions()


@shared_task(name="audit.anchor_chains", acks_late=True)
def anchor_chains(**_later: object) -> None:
    """A checkpoint of each chain that grew since its last one. Safe to run twice, or twice at once."""
    now = timezone.now()
    for tenant_id in maintenance.chain_ids():
        with tenant(tenant_id):
            try:
                made = commands.anchor_chain(now=now)
            except ChainBroken as error:
                _logger.error("audit.not_anchored", tenant_id=str(tenant_id), error=str(error))
                continue
        if made:
            anchoring.keep(made)


@shared_task(name="audit.verify_chains", acks_late=True)
def verify_chains(**_later: object) -> None:
    """Read the newest records of each chain and raise the alarm (log and metric) where something is wrong."""
    for tenant_id in maintenance.chain_ids():
        with tenant(tenant_id):
            report = verification.verify_newest(limit=_NIGHTLY_RECORDS)
        verification.sound_alarm(report)
