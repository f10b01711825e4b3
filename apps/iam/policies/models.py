"""Policies, and the stamp of those that hold in a tenant."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from apps.core.db.models import SoftDeletable, TenantScoped
from apps.core.history.tracking import tracked

NAME_LENGTH = 100
DESCRIPTION_LENGTH = 500
TEXT_LENGTH = 4000


@tracked(exclude=("version", "updated_at", "updated_by"))
class Policy(TenantScoped, SoftDeletable):
    """One thing that a company forbids, under which circumstances, in Cedar. It holds while it is `enabled`.

    `rule` is the form that it was filled into, from which `text` was made; None for a policy that was written by hand.
    """

    name = models.CharField(max_length=NAME_LENGTH)
    description = models.CharField(max_length=DESCRIPTION_LENGTH, blank=True, default="")
    text = models.CharField(max_length=TEXT_LENGTH, help_text="One `forbid (…)` in Cedar.")
    rule = models.JSONField(null=True, blank=True)
    enabled = models.BooleanField(default=True)

    class Meta(TenantScoped.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "name"], name="policy_name_unique", condition=Q(deleted_at__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return self.name


class PolicyStamp(TenantScoped):
    """One row per tenant that ever had a policy. `stamp` is another one after each change, None while no policy holds.

    Whoever changes a policy locks it first, so that changes of one tenant happen one after the other. A random value
    and not a number: one that was seen in a transaction that came to nothing is never seen again.
    """

    stamp = models.UUIDField(null=True)

    class Meta(TenantScoped.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant_id"], name="policy_stamp_once")]

    def __str__(self) -> str:
        return str(self.stamp)
