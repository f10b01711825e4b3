"""The security log in the admin, for platform staff."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.core.tenancy import PLATFORM, tenant
from apps.iam.audit.kinds import Kind
from apps.iam.audit.models import SecurityRecord
from apps.iam.users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db

LIST = "/admin/audit/securityrecord/"


@pytest.fixture
def staff():
    return UserFactory(is_platform_staff=True, name="Stella Staff")


@pytest.fixture
def admin(staff):
    client = Client()
    client.force_login(staff)
    return client


class TestSecurityRecordAdmin:
    def test_shows_the_platforms_own_chain(self, admin, staff, happened):
        happened(Kind.SIGNING_KEYS_ROTATED, chain=PLATFORM, actor_name="Ada King")
        happened(Kind.SIGNED_IN, chain=PLATFORM, subject_id=staff.pk)
        happened(Kind.ROLES_ASSIGNED)

        page = admin.get(LIST).content.decode()

        assert "Ada King rotated the keys that sign tokens" in page
        assert "Stella Staff signed in" in page
        assert "changed the roles" not in page

    def test_shows_a_tenants_chain_and_tells_that_tenant(self, admin, staff, happened, company, owner, drain):
        happened(Kind.ROLES_ASSIGNED, subject_id=owner.user_id)
        drain()

        page = admin.get(LIST, {"chain": str(company.id)}).content.decode()

        assert "Ada King changed the roles of Olive Hart" in page
        drain()
        with tenant(company.id):
            seen = SecurityRecord.objects.order_by("-sequence").first()
        assert (seen.kind, seen.actor_id, seen.address) == ("audit.viewed", staff.pk, "127.0.0.1")

    def test_narrows(self, admin, happened):
        happened(Kind.SIGNING_KEYS_ROTATED, chain=PLATFORM)
        happened(Kind.LOCKED_OUT, chain=PLATFORM, outcome="denied")

        assert "rotated" not in admin.get(LIST, {"group": "sign_in"}).content.decode()
        assert "rotated" not in admin.get(LIST, {"outcome": "denied"}).content.decode()

    def test_shows_one_record_of_the_chosen_chain(self, admin, happened, company):
        record = happened(Kind.ROLES_ASSIGNED)
        path = f"{LIST}{record.event_id}/change/"

        assert record.hash in admin.get(path, {"_changelist_filters": f"chain={company.id}"}).content.decode()
        assert admin.get(path).status_code == 302  # it is not in the platform's chain

    def test_changes_nothing(self, admin, happened):
        record = happened(chain=PLATFORM)

        assert admin.post(f"{LIST}{record.event_id}/change/", {"kind": "x"}).status_code == 403
        assert admin.get(f"{LIST}{record.event_id}/delete/").status_code == 403
        assert admin.get(f"{LIST}add/").status_code == 403

    @pytest.mark.parametrize("chain", ["x", "01a20e9b-3776-7631-93aa-90d4424d79b1"])
    def test_knows_no_other_chains(self, admin, chain):
        assert admin.get(LIST, {"chain": chain}).status_code == 404

    def test_is_closed_to_everybody_else(self, company):
        client = Client()
        client.force_login(UserFactory())

        assert client.get(LIST).status_code == 302
