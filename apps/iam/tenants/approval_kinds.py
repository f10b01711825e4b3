"""What takes two people to do to a tenant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.conf import settings

from apps.iam.approvals.kinds import ApprovalKind, Approved, register
from apps.iam.tenants import commands, queries
from apps.iam.tenants.commands.configure_tenant import CHANGE_APPROVALS
from apps.iam.tenants.commands.delete_tenant import DELETE_TENANT
from apps.iam.tenants.permissions import TenantPermission, TenantsPermission


def _configure(change: Approved) -> None:
    commands.configure_tenant(
        changes=change.payload["settings"],
        actor=change.actor,
        now=change.now,
        expected_version=change.payload["version"],
    )


def _rules_in_words(payload: Mapping[str, Any]) -> str:
    rules = sorted(payload["settings"]["approvals"].items())
    said = ", ".join(f"{kind} {rule.replace('_', ' ')}" for kind, rule in rules)
    return f"Change what needs a second person: {said or 'everything when possible'}"


def _delete(change: Approved) -> None:
    commands.plan_deletion(
        tenant_id=UUID(change.payload["tenant_id"]), actor=change.actor, now=change.now, reason="approved"
    )


def _deletion_in_words(payload: Mapping[str, Any]) -> str:
    company = queries.tenant_by_id(UUID(payload["tenant_id"]))
    return f"Delete {company.name} ({company.slug}) with everything in it, after {settings.TENANT_DELETION_DAYS} days"


register(
    ApprovalKind(
        code=DELETE_TENANT,
        label="Delete a company",
        describe=_deletion_in_words,
        execute=_delete,
        asker=TenantPermission.DELETE,
        platform_asker=TenantsPermission.DELETE,
        always=True,
        has_rule=False,
    )
)
register(
    ApprovalKind(
        code=CHANGE_APPROVALS,
        label="Change what needs a second person",
        describe=_rules_in_words,
        execute=_configure,
        asker=TenantPermission.CONFIGURE,
        has_rule=False,
    )
)
