"""What every log line says of the moment: for which tenant, by whom."""

from __future__ import annotations

from apps.core.history import current_provenance
from apps.core.tenancy.context import current_tenant_id


def scope_and_actor() -> dict[str, object]:
    """`tenant_id` and `subject`, where there are any."""
    tenant_id, provenance = current_tenant_id(), current_provenance()
    found: dict[str, object] = {} if tenant_id is None else {"tenant_id": tenant_id}
    if provenance is not None and provenance.actor.id is not None:
        found["subject"] = provenance.actor.id
    return found
