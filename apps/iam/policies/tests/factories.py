"""Policies in force for tests; made in the tenant that is entered."""

from __future__ import annotations

import factory

from apps.core.events import unit_of_work
from apps.core.history import SYSTEM
from apps.iam.policies.commands.stamping import lock_stamp, stamp_anew
from apps.iam.policies.models import Policy

NOBODY_CANCELS = 'forbid (principal, action == Action::"orders.cancel", resource);'


class PolicyFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Policy
        skip_postgeneration_save = True

    name = factory.Sequence(lambda n: f"Policy {n}")
    text = NOBODY_CANCELS

    @factory.post_generation
    def stamped(policy, create, extracted, **kwargs):
        """Every process knows of it, as after a command."""
        with unit_of_work(Policy, actor=SYSTEM):
            stamp_anew(lock_stamp())
