"""What tests of identity and access share: two companies, and the people who act in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from apps.core.history import Actor
from apps.core.tenancy import tenant


@pytest.fixture
def company(db) -> Iterator:
    """The tenant in which the test runs."""
    from apps.iam.tenants.tests.factories import TenantFactory

    company = TenantFactory()
    with tenant(company.id):
        yield company


@pytest.fixture
def other_company(db):
    """A tenant that must see nothing of the first one, nor be seen from it."""
    from apps.iam.tenants.tests.factories import TenantFactory

    return TenantFactory()


@pytest.fixture
def member() -> Callable:
    """Makes a member of the tenant that is entered: `member("manager", name="Ada")`."""
    from apps.iam.users.tests.factories import MembershipFactory

    def make(*roles: str, **fields):
        return MembershipFactory(roles=roles or ("clerk",), **fields)

    return make


@pytest.fixture
def actor_of() -> Callable:
    """The actor that a member is."""
    return lambda membership: Actor(kind="user", id=membership.user_id, name=membership.name)


@pytest.fixture
def owner(company, member):
    """An owner of the company."""
    return member("owner", name="Olive Hart")


@pytest.fixture
def by_owner(owner, actor_of) -> Actor:
    """The owner, acting."""
    return actor_of(owner)


@pytest.fixture
def client_of(company) -> Callable:
    """A client that calls the API as a member of the company, by bearer token."""
    from tests.callers import Caller

    def client(membership, role: str = ""):
        return Caller(membership.user_id, membership.tenant_id, role, membership.user.email).client()

    return client


@pytest.fixture
def outbox(settings) -> Callable:
    """Mail is on, and goes nowhere: `outbox()` are the messages so far as (template, recipient, text), oldest first."""
    from apps.core.mail import delivery, queries

    settings.EMAIL_URL, settings.EMAIL_PER_HOUR = "outbox:", 100

    def read() -> list[tuple[str, str, str]]:
        rows = [queries.message(one.id) for one in queries.messages().reverse()]
        return [(one.template, one.recipient, delivery.body_of(one).text) for one in rows]

    return read


@pytest.fixture
def last_link(outbox) -> Callable:
    """The path that the newest message leads to."""
    import re
    from urllib.parse import urlsplit

    return lambda: urlsplit(re.findall(r"https?://\S*lnk_\S+", outbox()[-1][2])[-1]).path


@pytest.fixture
def browser_of(company) -> Callable:
    """A client that gets pages as a member of the company, by bearer token."""
    from django.test import Client

    from tests.callers import Caller

    def browser(membership):
        token = Caller(membership.user_id, membership.tenant_id, "", "").token()
        return Client(headers={"authorization": f"Bearer {token}", "accept": "text/html"})

    return browser
