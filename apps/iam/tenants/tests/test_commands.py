"""Companies joining the platform, and being kept out."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.core.db.ids import uuid7
from apps.core.tenancy import tenant as entered
from apps.iam.audit.events import SecurityEventRecorded
from apps.iam.tenants import commands, queries
from apps.iam.tenants.errors import InvalidTenant, TenantNotFound
from apps.iam.tenants.events import TenantCreated, TenantStatusChanged
from apps.iam.tenants.models import Tenant
from apps.iam.tenants.tests.factories import TenantFactory

pytestmark = pytest.mark.django_db


class TestCreateTenant:
    def test_creates_it_and_tells(self, published):
        acme = commands.create_tenant(slug="acme", name="Acme Trading", default_currency="GBP")

        assert queries.tenant_by_slug("acme").id == acme.id
        assert published == [TenantCreated(tenant_id=acme.id, slug="acme", name="Acme Trading", default_currency="GBP")]

    def test_returns_the_one_that_is_there_when_repeated(self, published):
        first = commands.create_tenant(slug="acme", name="Acme Trading", default_currency="GBP")

        second = commands.create_tenant(slug="acme", name="Another name", default_currency="EUR")

        assert (second.id, second.name) == (first.id, "Acme Trading")
        assert len(published) == 1

    @pytest.mark.parametrize(
        ("slug", "name", "currency", "field"),
        [
            ("Acme", "Acme", "GBP", "slug"),
            ("a", "Acme", "GBP", "slug"),
            ("acme-", "Acme", "GBP", "slug"),
            ("acme", " ", "GBP", "name"),
            ("acme", "Acme", "pounds", "default_currency"),
        ],
    )
    def test_refuses_what_is_not_well_formed(self, slug, name, currency, field):
        with pytest.raises(InvalidTenant) as refusal:
            commands.create_tenant(slug=slug, name=name, default_currency=currency)

        assert list(refusal.value.errors) == [field]
        assert not Tenant.objects.exists()


class TestSuspendTenant:
    def test_tells_once_however_often_it_is_called(self, published):
        company = TenantFactory()

        commands.suspend_tenant(tenant_id=company.id)
        commands.suspend_tenant(tenant_id=company.id)

        assert not queries.tenant_by_id(company.id).is_active
        told = [(one.kind, one.details) for one in published if isinstance(one, SecurityEventRecorded)]
        assert told == [("tenant.changed", {"change": "suspended"})]
        assert [one for one in published if isinstance(one, TenantStatusChanged)] == [
            TenantStatusChanged(tenant_id=company.id, status="suspended")
        ]

    def test_is_undone_by_reinstating(self):
        company = TenantFactory(status=Tenant.Status.SUSPENDED)

        commands.reinstate_tenant(tenant_id=company.id)

        assert queries.tenant_by_id(company.id).is_active

    def test_does_not_find_an_unknown_one(self):
        with pytest.raises(TenantNotFound):
            commands.suspend_tenant(tenant_id=uuid7())


class TestRenameTenant:
    def test_keeps_the_slug(self):
        company = TenantFactory(slug="acme")

        commands.rename_tenant(tenant_id=company.id, name=" Acme Holdings ", now=timezone.now())

        company.refresh_from_db()
        assert (company.slug, company.name) == ("acme", "Acme Holdings")

    def test_refuses_an_empty_name(self):
        with pytest.raises(InvalidTenant):
            commands.rename_tenant(tenant_id=TenantFactory().id, name=" ", now=timezone.now())


class TestTenantIds:
    def test_names_every_tenant_whoever_asks(self):
        ids = [TenantFactory().id, TenantFactory(status=Tenant.Status.SUSPENDED).id]

        with entered(ids[0]):
            assert queries.tenant_ids() == ids


class TestCreateTenantCommand:
    def test_says_the_id(self, capsys):
        call_command("create_tenant", "acme", "--name", "Acme Trading", "--currency", "GBP")

        assert str(queries.tenant_by_slug("acme").id) in capsys.readouterr().out

    def test_explains_what_is_wrong(self):
        with pytest.raises(CommandError, match="invalid_tenant: slug: 2 to 63 small letters"):
            call_command("create_tenant", "ACME", "--name", "Acme")
