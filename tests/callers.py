"""Callers of the API in tests: real people with real roles, and access tokens as the provider would sign them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from apps.core.auth.tokens import forget_keys, verified_claims
from apps.core.errors import Unauthenticated
from apps.core.history import SYSTEM
from apps.core.tenancy import tenant
from apps.iam.oidc import keys
from apps.iam.tenants.models import Tenant
from apps.iam.users import commands as users

MakeClient = Callable[..., Client]


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who may call: who, in which tenant, with which role."""

    user_id: UUID
    tenant_id: UUID
    role: str
    email: str

    def token(self, **claims: object) -> str:
        """A valid access token of this caller's; `claims` replace or add to what it says."""
        return access_token(self.user_id, self.tenant_id, **claims)

    def client(self, **defaults: str) -> Client:
        """Django's test client, authenticated by bearer token and speaking JSON."""
        return JsonClient(headers={"authorization": f"Bearer {self.token()}", "accept": "application/json"}, **defaults)


class JsonClient(Client):
    """Sends dictionaries as JSON."""

    def post(self, path, data=None, content_type="application/json", **extra):  # type: ignore[no-untyped-def,override]
        return super().post(path, data=data if data is not None else {}, content_type=content_type, **extra)


def access_token(subject: UUID, tenant_id: UUID | None, **claims: object) -> str:
    """An access token signed with the provider's key (RFC 9068). A claim of None is left out."""
    now = int(time.time())
    said: dict[str, object] = {
        "iss": settings.OIDC_ISSUER,
        "aud": settings.ACCESS_TOKEN_AUDIENCE,
        "sub": str(subject),
        "client_id": settings.OIDC_RP_CLIENT_ID,
        "tenant": str(tenant_id) if tenant_id else None,
        "iat": now,
        "exp": now + 600,
        "jti": str(uuid4()),
        "scope": "openid profile email api",
        "acr": "aal1",  # somebody who has just signed in with a password
        "auth_time": now,
        **claims,
    }
    token = keys.signed({name: value for name, value in said.items() if value is not None}, typ="at+jwt")
    with suppress(Unauthenticated):  # from here on the verifier knows the keys: no test counts that statement
        verified_claims(token)
    return token


def ensure_tenant(tenant_id: UUID, *, name: str = "", currency: str = "GBP") -> Tenant:
    """The tenant with this id, made if need be."""
    found = Tenant.objects.filter(id=tenant_id).first()
    if found is None:
        found = Tenant(id=tenant_id, slug=f"t-{tenant_id.hex[-12:]}", name=name or "Tenant", default_currency=currency)
        with tenant(tenant_id):
            found.save()
    return found


def make_caller(tenant_id: UUID, role: str = "owner", *, name: str = "") -> Caller:
    """A new person with one role in the tenant, which is made if need be."""
    ensure_tenant(tenant_id)
    email = f"{role}.{uuid4().hex[:8]}@example.test"
    with tenant(tenant_id):
        membership, _ = users.add_member(
            email=email,
            name=name or role.title(),
            roles=[role],
            password=uuid4().hex,
            actor=SYSTEM,
            now=timezone.now(),
        )
    return Caller(membership.user_id, tenant_id, role, email)


@pytest.fixture(autouse=True)
def _keys_of_this_test() -> None:
    forget_signing_keys()


def forget_signing_keys() -> None:
    """The database is another one at each test, and so are the provider's keys in it."""
    keys.forget()
    forget_keys()


@pytest.fixture
def api_client(tenant_id: UUID, db: None) -> Iterator[MakeClient]:
    """`api_client("clerk")`: a client of a new person with that role in this test's tenant (or `tenant_id=…`)."""
    mine = tenant_id

    def make(role: str = "owner", *, tenant_id: UUID | None = None) -> Client:
        return make_caller(tenant_id or mine, role).client()

    yield make


@pytest.fixture
def caller(tenant_id: UUID, db: None) -> Callable[..., Caller]:
    """`caller("manager")`: as `api_client`, but the caller itself, for those who need its token or id."""
    mine = tenant_id

    def make(role: str = "owner", *, tenant_id: UUID | None = None) -> Caller:
        return make_caller(tenant_id or mine, role)

    return make
