"""Tenants in the admin, for platform staff."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.iam.tenants import queries
from apps.iam.tenants.events import TenantCreated, TenantStatusChanged
from apps.iam.tenants.models import Tenant
from apps.iam.tenants.tests.factories import TenantFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin():
    from apps.iam.users.tests.factories import UserFactory

    client = Client()
    client.force_login(UserFactory(is_platform_staff=True))
    return client


class TestTenantAdmin:
    def test_creates_through_the_command(self, admin, published):
        response = admin.post("/admin/tenants/tenant/add/", {"slug": "acme", "name": "Acme", "default_currency": "GBP"})

        assert response.status_code == 302
        acme = queries.tenant_by_slug("acme")
        assert published == [TenantCreated(tenant_id=acme.id, slug="acme", name="Acme", default_currency="GBP")]

    def test_refuses_a_slug_that_is_not_plain(self, admin):
        response = admin.post(
            "/admin/tenants/tenant/add/", {"slug": "ACME!", "name": "Acme", "default_currency": "GBP"}
        )

        assert response.status_code == 200
        assert not Tenant.objects.exists()

    def test_renames_and_nothing_else(self, admin):
        company = TenantFactory(slug="acme")

        admin.post(f"/admin/tenants/tenant/{company.id}/change/", {"slug": "other", "name": "Acme Holdings"})

        company.refresh_from_db()
        assert (company.slug, company.name) == ("acme", "Acme Holdings")

    def test_suspends_and_reinstates(self, admin, published):
        company = TenantFactory()

        for action in ("suspend", "reinstate"):
            admin.post("/admin/tenants/tenant/", {"action": action, "_selected_action": [str(company.id)]})

        assert [event.status for event in published if isinstance(event, TenantStatusChanged)] == [
            "suspended",
            "active",
        ]

    def test_deletes_nothing(self, admin):
        company = TenantFactory()

        assert admin.post(f"/admin/tenants/tenant/{company.id}/delete/", {"post": "yes"}).status_code == 403
