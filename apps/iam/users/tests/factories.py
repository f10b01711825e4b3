"""People and memberships for tests; memberships are made in the tenant that is entered."""

from __future__ import annotations

import factory
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.utils import timezone

from apps.iam.roles.tests.factories import RoleAssignmentFactory
from apps.iam.users.models import Membership, User
from apps.iam.users.names import folded


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = User

    email = factory.Sequence(lambda n: f"person{n}@mail.example")
    email_key = factory.LazyAttribute(lambda user: folded(user.email))
    name = factory.Sequence(lambda n: f"Person {n}")
    password = f"{UNUSABLE_PASSWORD_PREFIX}tests-hash-no-password"


class MembershipFactory(factory.django.DjangoModelFactory):
    """`roles=("clerk",)` says which roles the member holds."""

    class Meta:
        model = Membership
        skip_postgeneration_save = True

    user = factory.SubFactory(UserFactory)
    name = factory.SelfAttribute("user.name")
    name_key = factory.LazyAttribute(lambda membership: folded(membership.name))
    joined_at = factory.LazyFunction(timezone.now)

    @factory.post_generation
    def roles(self, create, extracted, **kwargs):
        for code in ("clerk",) if extracted is None else extracted:
            RoleAssignmentFactory(holder_id=self.user_id, role_code=code)
