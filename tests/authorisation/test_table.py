"""Every route and every kind of caller, compared with the table that is declared beside this file.

The table says it once more, on purpose: who may do what is too important to be read off the code that decides it.
A route without a row fails, and so does a row without a route.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

import pytest
from django.http import HttpResponseBase
from django.utils import timezone

from apps.core.auth import SYSTEM_ROLES
from apps.core.history import SYSTEM
from apps.core.tenancy import tenant
from apps.iam.tenants import commands as tenants
from apps.iam.users import commands as users
from tests.authorisation.table import ANYBODY, PERSON, ROWS, SIGNED_IN
from tests.callers import Caller, JsonClient, make_caller
from tests.routes import Route, routes

pytestmark = pytest.mark.django_db

Ask = Callable[[Route], HttpResponseBase]


def asking(token: str | None) -> Ask:
    """Asks as whoever the token stands for, with an empty body and an id that nothing has."""
    headers = {"authorization": f"Bearer {token}"} if token else {}
    clients = {kind: JsonClient(headers={**headers, "accept": kind}) for kind in ("text/html", "application/json")}
    for client in clients.values():
        client.raise_request_exception = False

    def ask(route: Route) -> HttpResponseBase:
        client = clients["text/html" if route.is_page else "application/json"]
        client.cookies.clear()
        if route.method == "GET":
            return client.get(route.filled())
        kind = "application/x-www-form-urlencoded" if route.is_page else "application/json"
        return client.generic(route.method, route.filled(), "" if route.is_page else "{}", content_type=kind)

    return ask


def is_let_in(answer: HttpResponseBase) -> bool:
    """Whatever else may be wrong with the request, it was not the caller."""
    assert answer.status_code < 500, answer.content[:300]
    if answer.status_code == 401:
        return "insufficient_user_authentication" in answer.get(
            "WWW-Authenticate", ""
        )  # let in, and asked to sign in anew
    if answer.status_code == 403:
        return answer["Content-Type"].startswith("application/") and b"missing_permission" not in answer.content
    return not _goes_to_sign_in(answer)


def _goes_to_sign_in(answer: HttpResponseBase) -> bool:
    return answer.status_code == 302 and answer["Location"].startswith(("/auth/login", "/sign-in"))


def deviations(ask: Ask, expected: Callable[[Route], bool], among: Iterable[Route] | None = None) -> list[str]:
    """The routes, of all or of some, whose answer is not the expected one."""
    wrong = []
    for route in routes() if among is None else among:
        answer = ask(route)
        if is_let_in(answer) != expected(route):
            wrong.append(f"{route} answered {answer.status_code}: {answer.content[:160]!r}")
    return wrong


def opened_by(*callers: str) -> Callable[[Route], bool]:
    """Whether the table opens a route to such a member."""
    return lambda route: bool({*callers, PERSON, SIGNED_IN, ANYBODY} & ROWS[str(route)])


@pytest.fixture
def owner(tenant_id, db) -> Caller:
    return make_caller(tenant_id, "owner")


class TestTheTable:
    def test_has_a_row_for_every_route(self):
        assert sorted(str(route) for route in routes() if str(route) not in ROWS) == []

    def test_has_no_row_for_a_route_that_is_gone(self):
        assert sorted(set(ROWS) - {str(route) for route in routes()}) == []


class TestARole:
    @pytest.mark.parametrize("role", SYSTEM_ROLES)
    def test_opens_exactly_what_the_table_says(self, tenant_id, role):
        caller = make_caller(tenant_id, role)

        wrong = deviations(asking(caller.token()), opened_by(role))

        assert wrong == []


class TestNobodyElse:
    """Whoever is not, or no longer, a member in good standing gets what everybody gets, and nothing more."""

    def only_public(self, token: str | None) -> list[str]:
        return deviations(asking(token), lambda route: ANYBODY in ROWS[str(route)])

    def test_gets_in_without_a_token(self, db):
        assert self.only_public(None) == []

    def test_gets_in_with_a_token_that_has_expired(self, owner):
        assert self.only_public(owner.token(exp=int(time.time()) - 60)) == []

    def test_gets_in_with_a_token_for_another_audience(self, owner):
        assert self.only_public(owner.token(aud="https://elsewhere.example")) == []

    def test_gets_in_while_suspended(self, tenant_id, owner):
        make_caller(tenant_id, "owner")  # there must be another one
        with tenant(tenant_id):
            users.update_member(user_id=owner.user_id, suspended=True, actor=SYSTEM)

        assert self.only_public(owner.token()) == []

    def test_gets_in_after_being_removed(self, tenant_id, owner):
        make_caller(tenant_id, "owner")
        with tenant(tenant_id):
            users.delete_member(user_id=owner.user_id, actor=SYSTEM, now=timezone.now())

        assert self.only_public(owner.token()) == []

    def test_gets_in_while_the_whole_company_is_suspended(self, tenant_id, owner):
        tenants.suspend_tenant(tenant_id=tenant_id)

        assert self.only_public(owner.token()) == []

    def test_gets_in_with_a_token_that_names_a_company_they_do_not_belong_to(self, owner, other_tenant_id):
        make_caller(other_tenant_id, "owner")

        assert self.only_public(owner.token(tenant=str(other_tenant_id))) == []


class TestAPlant:
    def test_is_found_when_an_operation_asks_for_nothing(self, tenant_id, monkeypatch):
        from apps.business.catalog import api
        from apps.core.api.permissions import AUTHENTICATED

        monkeypatch.setattr(api.Products, "required_permission", AUTHENTICATED)
        viewer = make_caller(tenant_id, "viewer")
        products = [route for route in routes() if route.path.startswith("/api/v1/products")]

        wrong = deviations(asking(viewer.token()), opened_by("viewer"), among=products)

        assert [one.partition(" answered")[0] for one in wrong] == ["POST /api/v1/products"]
