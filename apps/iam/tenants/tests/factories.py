"""Tenants for tests."""

from __future__ import annotations

import factory

from apps.iam.tenants.models import Tenant


class TenantFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Tenant

    slug = factory.Sequence(lambda n: f"company-{n}")
    name = factory.LazyAttribute(lambda company: company.slug.replace("-", " ").title())
    default_currency = "GBP"
