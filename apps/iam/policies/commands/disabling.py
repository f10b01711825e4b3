"""The break-glass: switch policies off without asking anybody, from the operator's command line."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from apps.core.events import unit_of_work
from apps.core.history import SYSTEM
from apps.iam.policies import queries
from apps.iam.policies.commands.stamping import lock_stamp, stamp_anew
from apps.iam.policies.events import PolicyUpdated
from apps.iam.policies.models import Policy


def disable_policies(*, policy_ids: Iterable[UUID] = (), reason: str) -> list[Policy]:
    """Switch these policies of the current tenant off, or all; they can be switched on again one by one.

    Returns those that were on. Safe to repeat. Raises PolicyNotFound.
    """
    wanted = list(policy_ids)
    with unit_of_work(Policy, actor=SYSTEM, reason=reason) as work:
        stamp = lock_stamp()
        found = [queries.lock_policy(id_) for id_ in sorted(wanted)] or list(queries.policies(state="enabled"))
        switched = [policy for policy in found if policy.enabled and not policy.is_deleted]
        for policy in switched:
            policy.enabled = False
            policy.save(update_fields=["enabled"])
            work.publish(PolicyUpdated(policy_id=policy.id, name=policy.name, enabled=False, text=policy.text))
        if switched:
            stamp_anew(stamp)
    return switched
