"""From claims to principals: who gets in, and who no longer does."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.core.auth.permissions import permissions_of_system_role
from apps.core.errors import Unauthenticated
from apps.core.history import SYSTEM
from apps.core.tenancy import no_tenant
from apps.iam.facade import iam
from apps.iam.service_accounts import commands as service_accounts
from apps.iam.sessions.tests.factories import SessionFactory
from apps.iam.tenants import commands as tenants
from apps.iam.users import commands

pytestmark = pytest.mark.django_db


@pytest.fixture
def claims(company):
    def of(membership, **others):
        return {
            "sub": str(membership.user_id),
            "client_id": settings.OIDC_RP_CLIENT_ID,
            "tenant": str(company.id),
            "scope": "openid api",
            **others,
        }

    return of


@pytest.fixture
def service_claims(company, owner):
    def with_roles(*roles):
        client_id, _ = service_accounts.register_api_client(
            tenant_id=company.id, name="Web shop", roles=roles, actor=SYSTEM, now=timezone.now()
        )
        return {"sub": client_id, "client_id": client_id, "tenant": str(company.id), "scope": "api"}

    return with_roles


def refused(claims):
    with no_tenant(), pytest.raises(Unauthenticated) as refusal:
        iam.principal(claims=claims)
    return refusal.value.code == "access_revoked"


class TestPrincipalOfAPerson:
    def test_is_who_they_are_in_this_company(self, company, member, claims):
        clerk = member("clerk", "viewer", name="Zoë Blum")
        session = SessionFactory(user=clerk.user)

        with no_tenant():
            principal = iam.principal(claims=claims(clerk, sid=str(session.id)), via_cookie=True)

        assert (principal.subject, principal.kind, principal.tenant_id) == (clerk.user_id, "user", company.id)
        assert (principal.name, principal.email) == ("Zoë Blum", clerk.user.email)
        assert (principal.tenant_name, principal.tenant_slug) == (company.name, company.slug)
        assert principal.roles == ("clerk", "viewer")
        assert principal.permissions == permissions_of_system_role("clerk") | permissions_of_system_role("viewer")
        assert (principal.session_id, principal.scopes) == (str(session.id), {"openid", "api"})
        assert (principal.method, principal.via_cookie) == ("session", True)

    def test_costs_three_statements(self, member, claims):
        clerk = member("clerk")
        said = claims(clerk, sid=str(SessionFactory(user=clerk.user).id))

        with no_tenant(), CaptureQueriesContext(connection) as captured:
            iam.principal(claims=said)

        assert len(captured) == 3

    def test_may_be_somebody_just_invited(self, member, claims):
        said = claims(member("manager", status="invited", joined_at=None))

        with no_tenant():
            assert iam.principal(claims=said).may("users.view")

    def test_is_refused_when_the_membership_is_suspended(self, member, claims):
        assert refused(claims(member(status="suspended")))

    def test_is_refused_when_the_membership_is_deleted(self, owner, member, claims):
        clerk = member()
        commands.delete_member(user_id=clerk.user_id, actor=SYSTEM, now=timezone.now())

        assert refused(claims(clerk))

    def test_is_refused_when_the_person_is_suspended(self, member, claims):
        clerk = member()
        commands.suspend_user(user_id=clerk.user_id)

        assert refused(claims(clerk))

    def test_is_refused_when_the_person_is_deleted(self, member, claims):
        clerk = member()
        commands.delete_user(user_id=clerk.user_id, actor=SYSTEM, now=timezone.now())

        assert refused(claims(clerk))

    def test_is_refused_when_the_company_is_suspended(self, company, member, claims):
        clerk = member()
        tenants.suspend_tenant(tenant_id=company.id)

        assert refused(claims(clerk))

    def test_is_refused_in_another_company(self, member, claims, other_company):
        assert refused(claims(member(), tenant=str(other_company.id)))

    @pytest.mark.parametrize("wrong", [{"sub": "ada"}, {"tenant": None}, {"tenant": ""}, {"sub": None}])
    def test_is_refused_when_the_token_does_not_say_who_or_where(self, member, claims, wrong):
        assert refused(claims(member(), **wrong))

    def test_is_no_service_whatever_roles_a_service_of_that_id_has(self, member, claims, service_claims):
        said = service_claims("manager")

        assert refused({**said, "client_id": settings.OIDC_RP_CLIENT_ID})


class TestPrincipalOfAService:
    def test_is_the_client_with_its_roles(self, company, service_claims):
        said = service_claims("clerk")

        with no_tenant(), CaptureQueriesContext(connection) as captured:
            principal = iam.principal(claims=said)

        assert len(captured) == 3
        assert (principal.kind, principal.name, str(principal.subject)) == ("service", "Web shop", said["sub"])
        assert principal.permissions == permissions_of_system_role("clerk")
        assert (principal.method, principal.via_cookie) == ("bearer", False)

    def test_is_refused_in_another_company(self, service_claims, other_company):
        assert refused({**service_claims("clerk"), "tenant": str(other_company.id)})

    def test_is_refused_when_there_is_no_such_client(self, service_claims, owner):
        assert refused({**service_claims("clerk"), "sub": str(owner.user_id), "client_id": str(owner.user_id)})
