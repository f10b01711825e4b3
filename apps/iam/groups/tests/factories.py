"""Groups for tests; made in the tenant that is entered."""

from __future__ import annotations

import factory

from apps.core.db.ids import uuid7
from apps.iam.groups.models import Group, GroupMember
from apps.iam.users.names import folded


class GroupFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Group

    name = factory.Sequence(lambda n: f"Group {n}")
    name_key = factory.LazyAttribute(lambda group: folded(group.name))


class GroupMemberFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = GroupMember

    group = factory.SubFactory(GroupFactory)
    member_id = factory.LazyFunction(uuid7)
