"""The gate in front of a sensitive change: it opens for an approved request, and where nobody else could approve.

A command calls `require_approval` before it changes anything. Whatever way leads to the command, the gate is passed, so
that no entry point can forget it; those that know of approvals turn `ApprovalNeeded` into a request for one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.core.history import Actor
from apps.core.tenancy import PLATFORM, require_tenant_id
from apps.iam.approvals import queries
from apps.iam.approvals.errors import ApprovalNeeded
from apps.iam.approvals.kinds import ApprovalKind, Ask, digest_of, kind_named
from apps.iam.tenants import queries as tenants

# The tenant and the digest of the one change that is being carried out with approval.
_approved: ContextVar[tuple[UUID, str] | None] = ContextVar("approved", default=None)


def require_approval(kind: str, *, subject_id: UUID, payload: Mapping[str, Any], actor: Actor, now: datetime) -> None:
    """Return if the change may be made now: exactly this one was approved, or nobody has to.

    The platform itself (the operator's command line) asks nobody. Raises ApprovalNeeded, NoTenant.
    """
    if actor.kind == "system" or _approved.get() == (require_tenant_id(), digest_of(kind, payload)):
        return
    if is_needed(kind_named(kind), besides=actor.id, now=now):
        raise ApprovalNeeded(Ask(kind, subject_id, dict(payload)))


def is_needed(kind: ApprovalKind, *, besides: UUID | None, now: datetime) -> bool:
    """Whether a change of this kind takes a second person in the current tenant. At most three statements.

    `when_possible` means: while somebody else could approve, or could have done so until lately. Else whoever removed
    the second person would need none from then on.
    """
    if kind.always or require_tenant_id() == PLATFORM:
        return True
    rules = tenants.current_configuration().values.approvals if kind.has_rule else {}
    rule = rules.get(kind.code, "when_possible")
    if rule == "when_possible":
        return bool(queries.approvers_lately(kind, now=now) - {besides})
    return rule == "always"


@contextmanager
def carrying_out(kind: str, payload: Mapping[str, Any]) -> Iterator[None]:
    """Open the gate for one approved change of the current tenant. Only the engine's `commands` does this."""
    token = _approved.set((require_tenant_id(), digest_of(kind, payload)))
    try:
        yield
    finally:
        _approved.reset(token)
