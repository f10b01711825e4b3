"""The platform's own principals: staff, and clients that the platform owns."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from apps.core.auth import declared_permissions, permissions_of_system_role, platform_permissions
from apps.core.history import SYSTEM
from apps.core.tenancy import PLATFORM, tenant
from apps.iam.roles import commands as roles
from apps.iam.roles.errors import InvalidRole
from apps.iam.service_accounts import commands as service_accounts
from apps.iam.tenants.tests.factories import TenantFactory
from apps.iam.users import commands as users
from apps.iam.users.tests.factories import MembershipFactory, UserFactory
from tests.callers import access_token

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff():
    return UserFactory(is_platform_staff=True, name="Sam Staff")


def client(subject, tenant_id=PLATFORM, **claims):
    token = access_token(subject, tenant_id, **claims)
    return Client(headers={"authorization": f"Bearer {token}", "accept": "application/json"})


def me(subject, tenant_id=PLATFORM, **claims):
    return client(subject, tenant_id, **claims).get("/api/v1/me")


class TestStaff:
    def test_hold_the_platforms_permissions_and_none_of_a_tenants(self, staff):
        data = me(staff.id).json()["data"]

        assert (data["name"], data["tenant"], data["roles"]) == ("Sam Staff", None, [])
        assert set(data["permissions"]) == set(platform_permissions())
        assert not set(data["permissions"]) & set(declared_permissions())

    def test_are_asked_again_at_each_request(self, staff):
        assert me(staff.id).status_code == 200

        users.suspend_user(user_id=staff.id)
        assert me(staff.id).status_code == 401
        users.reinstate_user(user_id=staff.id)
        type(staff).objects.filter(id=staff.id).update(is_platform_staff=False)
        assert me(staff.id).status_code == 401

    def test_are_nobody_elses_disguise(self, staff):
        assert me(staff.id, act={"sub": str(uuid4())}).status_code == 401

    def test_see_nothing_of_any_company(self, staff, company):
        MembershipFactory(roles=("owner",))

        for path in ("/api/v1/users", "/api/v1/roles", "/api/v1/orders", "/api/v1/changes"):
            assert client(staff.id).get(path).status_code == 403

    def test_get_no_access_to_a_company_by_being_staff(self, staff, company):
        assert me(staff.id, company.id).status_code == 401


class TestEverybodyElse:
    def test_is_no_principal_of_the_platform(self, company, member):
        owner = member("owner")

        assert me(owner.user_id).status_code == 401
        assert me(uuid4()).status_code == 401

    def test_holds_no_permission_over_it_as_an_owner(self):
        assert not permissions_of_system_role("owner") & set(platform_permissions())

    def test_cannot_put_one_into_a_role(self, company):
        with pytest.raises(InvalidRole):
            roles.define_role(code="root", name="Root", permissions=["platform.manage_tenants"])

    def test_is_refused_there_with_the_permission_named(self, company, member, client_of):
        response = client_of(member("owner")).get("/api/v1/tenants")

        assert (response.status_code, response.json()["permission"]) == (403, "platform.view_tenants")

    def test_of_a_companys_programs_neither(self, company):
        client_id, _ = service_accounts.register_api_client(
            tenant_id=company.id, name="Robot", roles=["owner"], actor=SYSTEM, now=timezone.now()
        )

        assert me(client_id, client_id=client_id).status_code == 401
        assert client(client_id, company.id, client_id=client_id).get("/api/v1/tenants").status_code == 403


class TestClientOfThePlatform:
    @pytest.fixture
    def program(self, capsys):
        call_command("register_platform_client", name="Provisioning")
        return dict(line.split() for line in capsys.readouterr().out.strip().splitlines())

    def test_gets_a_token_for_the_platform_by_its_own_credentials(self, program, rf):
        answer = Client().post("/oidc/token", {"grant_type": "client_credentials", "scope": "api", **program})

        token = answer.json()["access_token"]
        api = Client(headers={"authorization": f"Bearer {token}"})
        assert api.get("/api/v1/tenants").status_code == 200
        data = api.get("/api/v1/me").json()["data"]
        assert (data["kind"], data["name"], data["tenant"]) == ("service", "Provisioning", None)

    def test_is_of_no_use_in_a_company(self, program, company):
        client_id = program["client_id"]

        assert me(client_id, company.id, client_id=client_id).status_code == 401


class TestTheId:
    def test_is_no_companys(self):
        from django.db import IntegrityError, transaction

        with pytest.raises(IntegrityError), tenant(PLATFORM), transaction.atomic(using="default"):
            TenantFactory(id=PLATFORM)
