"""The stamp lets every process know, with the next principal that it makes, that the policies are others now."""

from __future__ import annotations

from uuid import uuid4

from apps.iam.policies import queries
from apps.iam.policies.models import PolicyStamp


def lock_stamp() -> PolicyStamp:
    """The stamp, made where there is none, locked to the end of the transaction: changes queue up here."""
    PolicyStamp.objects.bulk_create([PolicyStamp()], ignore_conflicts=True)
    found: PolicyStamp = PolicyStamp.objects.in_tenant().select_for_update().get()
    return found


def stamp_anew(stamp: PolicyStamp) -> None:
    """Call it after the policies are written, with the stamp locked, in the transaction of the change."""
    stamp.stamp = uuid4() if queries.policies(state="enabled").exists() else None
    stamp.save(update_fields=["stamp"])
