"""A compiled read gives what its queryset gives, each time with its own values."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core.db.compiled import CompiledRead
from apps.core.db.ids import uuid7
from apps.core.history import SYSTEM
from apps.core.tenancy import NoTenant, no_tenant, tenant
from apps.iam.groups import commands
from apps.iam.groups.models import Group

pytestmark = pytest.mark.django_db


def group(name: str) -> Group:
    return commands.create_group(name=name, actor=SYSTEM)


@pytest.fixture
def by_id() -> CompiledRead[Group]:
    return CompiledRead(lambda group_id: Group.objects.in_tenant().filter(id=group_id), "group_id")


class TestCompiledRead:
    def test_finds_what_its_values_name(self, by_id, in_tenant):
        one, other = group("Pickers"), group("Packers")

        assert [by_id(group_id=found.id) for found in (one, other)] == [[one], [other]]
        assert by_id(group_id=uuid7()) == []

    def test_gives_models_as_the_queryset_does(self, by_id, in_tenant):
        made = group("Pickers")

        (found,) = by_id(group_id=made.id)

        assert vars(found).keys() == vars(Group.objects.get(id=made.id)).keys()
        assert (found.name, found.created_at, found._state.db, found._state.adding) == (
            "Pickers",
            made.created_at,
            "default",
            False,
        )

    def test_looks_in_the_tenant_that_is_entered_when_it_runs(self, by_id, tenant_id, other_tenant_id):
        with tenant(tenant_id):
            made = group("Pickers")
            assert by_id(group_id=made.id) == [made]

        with tenant(other_tenant_id):
            assert by_id(group_id=made.id) == []
        with no_tenant(), pytest.raises(NoTenant):
            by_id(group_id=made.id)

    def test_is_one_statement_with_the_tenant_in_it(self, by_id, in_tenant):
        by_id(group_id=uuid7())
        with CaptureQueriesContext(connection) as statements:
            by_id(group_id=uuid7())

        assert len(statements) == 1
        assert in_tenant.hex in statements[0]["sql"]

    def test_refuses_a_value_that_is_no_parameter(self, in_tenant):
        careless = CompiledRead(lambda group_id: Group.objects.in_tenant(), "group_id")

        with pytest.raises(ImproperlyConfigured, match="group_id"):
            careless(group_id=uuid7())
