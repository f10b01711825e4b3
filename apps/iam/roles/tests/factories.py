"""Roles and their holders for tests; made in the tenant that is entered."""

from __future__ import annotations

import factory

from apps.core.db.ids import uuid7
from apps.iam.roles.models import Role, RoleAssignment


class RoleFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Role

    code = factory.Sequence(lambda n: f"role-{n}")
    name = factory.LazyAttribute(lambda role: role.code.title())
    permissions = factory.LazyFunction(lambda: ["users.view"])


class RoleAssignmentFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = RoleAssignment

    holder_id = factory.LazyFunction(uuid7)
    role_code = "clerk"
