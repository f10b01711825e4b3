"""Service accounts for tests; made in the tenant that is entered."""

from __future__ import annotations

import factory

from apps.iam.roles.tests.factories import RoleAssignmentFactory
from apps.iam.service_accounts.models import ServiceAccount


class ServiceAccountFactory(factory.django.DjangoModelFactory):
    """`roles=("clerk",)` says which roles it holds."""

    class Meta:
        model = ServiceAccount
        skip_postgeneration_save = True

    name = factory.Sequence(lambda n: f"Program {n}")
    name_key = factory.LazyAttribute(lambda account: account.name.casefold())

    @factory.post_generation
    def roles(self, create, extracted, **kwargs):
        for code in ("clerk",) if extracted is None else extracted:
            RoleAssignmentFactory(holder_id=self.id, holder_kind="service", role_code=code)
