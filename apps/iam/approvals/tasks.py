"""Background work of approvals."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from apps.core.errors import DomainError
from apps.core.observability import get_logger
from apps.core.tenancy import PLATFORM, tenant
from apps.iam.approvals import commands, queries
from apps.iam.tenants import queries as tenants

_logger = get_logger("iam.approvals")


@shared_task(name="approvals.carry_out", acks_late=True)
def carry_out(*, tenant_id: str, approval_id: str, **_later: object) -> None:
    """Make one approved change. Safe to run twice, or twice at once."""
    with tenant(tenant_id):
        commands.carry_out(approval_id=approval_id, now=timezone.now())  # type: ignore[arg-type]


@shared_task(name="approvals.sweep", acks_late=True)
def sweep(**_later: object) -> None:
    """Close what nobody decided on in time, and make approved changes whose job was lost. Safe to run twice.

    One tenant that cannot be swept keeps no other one from it.
    """
    for tenant_id in [PLATFORM, *tenants.tenant_ids()]:
        with tenant(tenant_id):
            for approval_id in queries.overdue(now=timezone.now()):
                commands.expire_approval(approval_id=approval_id, now=timezone.now())
            for approval_id in queries.to_carry_out():
                _carried_out(approval_id)


def _carried_out(approval_id: object) -> None:
    try:
        commands.carry_out(approval_id=approval_id, now=timezone.now())  # type: ignore[arg-type]
    except DomainError:
        _logger.warning("an approved change could not be carried out", approval_id=str(approval_id), exc_info=True)
