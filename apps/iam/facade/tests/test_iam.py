"""What other services may ask."""

from __future__ import annotations

import pytest
from django.utils import timezone

from apps.core.errors import NotFound
from apps.core.history import SYSTEM
from apps.core.remote import ServiceNotHere
from apps.core.tenancy import tenant
from apps.iam import service
from apps.iam.facade import events, iam
from apps.iam.facade.contracts import MembershipInfo, TenantInfo, UserInfo
from apps.iam.oidc import signing_keys
from apps.iam.users import commands
from config.services import IAM

pytestmark = pytest.mark.django_db


class TestUsers:
    def test_are_known_by_id_in_their_company_only(self, company, other_company, member):
        ada = member(name="Ada King")
        info = UserInfo(ada.user_id, "Ada King", ada.user.email, True)

        assert iam.user(ada.user_id) == info
        assert iam.users([ada.user_id]) == {ada.user_id: info}
        with tenant(other_company.id):
            assert iam.users([ada.user_id]) == {}
            with pytest.raises(NotFound):
                iam.user(ada.user_id)

    def test_are_still_known_when_they_have_left(self, owner, member):
        ada = member(name="Ada King")
        commands.delete_member(user_id=ada.user_id, actor=SYSTEM, now=timezone.now())

        assert (iam.user(ada.user_id).name, iam.user(ada.user_id).is_active) == ("Ada King", False)


class TestTenants:
    def test_are_known_by_id_and_slug(self, company):
        info = TenantInfo(company.id, company.slug, company.name, "GBP", True)

        assert iam.tenant(company.id) == iam.tenant_by_slug(company.slug) == info
        assert iam.tenant_ids() == [company.id]


class TestMembershipsOf:
    def test_names_the_companies_and_roles_of_a_person(self, company, other_company, member):
        ada = member("clerk")
        with tenant(other_company.id):
            member("viewer", "manager", user=ada.user, status="invited", joined_at=None)

        assert iam.memberships_of(ada.user_id) == [
            MembershipInfo(company.id, company.slug, company.name, "active", ("clerk",)),
            MembershipInfo(other_company.id, other_company.slug, other_company.name, "invited", ("manager", "viewer")),
        ]


class TestSigningKeys:
    def test_are_a_key_set_without_private_parts(self):
        signing_keys.ensure(now=timezone.now())

        keys = iam.signing_keys()["keys"]

        assert [key["kty"] for key in keys] == ["EC", "EC"]
        assert not any("d" in key for key in keys)


def test_the_facade_says_when_the_service_is_elsewhere(settings):
    settings.SERVICES = ["business"]

    with pytest.raises(ServiceNotHere):
        iam.tenant_ids()


def test_the_service_is_made_of_what_a_process_loads():
    assert tuple(path.rpartition(".")[2] for path in IAM.apps) == service.FEATURES


def test_every_public_event_is_on_a_topic_of_the_service():
    from apps.core.events.definition import definition_of

    assert {definition_of(getattr(events, name)).topic for name in events.__all__} == set(service.TOPICS)
