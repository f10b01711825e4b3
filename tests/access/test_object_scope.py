"""A role for one object opens that object and no other, in the services whose objects they are."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from apps.core.db.ids import uuid7
from apps.iam.oidc import signing_keys
from tests.callers import forget_signing_keys, make_caller
from tests.contracts.shop import make_shop

pytestmark = pytest.mark.django_db

JSON = {"content_type": "application/json"}


@pytest.fixture(scope="class")
def shop(kept_by_class):
    forget_signing_keys()
    signing_keys.ensure(now=timezone.now())  # not in a test, which would take them along
    return make_shop(uuid7())


@pytest.fixture
def tenant_id(shop):
    return shop.owner.tenant_id


@pytest.fixture
def owner(shop):
    return shop.owner.client()


@pytest.fixture
def keeper(shop, owner, tenant_id):
    """`keeper("product", id)`: a viewer who is a manager of this one object."""

    def make(kind, id_, role="manager"):
        caller = make_caller(tenant_id, "viewer")
        body = {"holder_id": str(caller.user_id), "role": role, "resource_type": kind, "resource_id": id_}
        assert owner.post("/api/v1/role-assignments", body).status_code == 201
        return caller

    return make


def browser_of(caller):
    return Client(headers={"authorization": f"Bearer {caller.token()}", "accept": "text/html"})


def another(owner, kind, body):
    answer = owner.post(f"/api/v1/{kind}", body)
    assert answer.status_code == 201, answer.content
    return answer.json()["data"]["id"]


class TestProducts:
    def test_are_changed_by_whoever_keeps_just_them(self, shop, owner, keeper):
        mine = shop.ids["product_id"]
        other = another(owner, "products", {"sku": "X", "name": "X", "unit_price": "1", "currency": "GBP"})
        client = keeper("product", mine).client()

        changed = client.patch(f"/api/v1/products/{mine}", {"name": "Tea cup"}, **JSON)
        refused = client.patch(f"/api/v1/products/{other}", {"name": "Mug"}, **JSON)

        assert (changed.status_code, changed.json()["data"]["name"]) == (200, "Tea cup")
        assert (refused.status_code, refused.json()["resource"]) == (403, f"product:{other}")
        stock = {"quantity": 1, "reason": "found"}
        assert client.post(f"/api/v1/products/{mine}/stock-adjustments", stock).status_code == 201
        assert client.post(f"/api/v1/products/{other}/stock-adjustments", stock).status_code == 403
        assert client.delete(f"/api/v1/products/{mine}").status_code == 204
        assert client.post(f"/api/v1/products/{mine}/restoration").status_code == 200

    def test_are_made_by_nobody_who_keeps_just_one(self, shop, keeper):
        client = keeper("product", shop.ids["product_id"]).client()

        body = {"sku": "X", "name": "X", "unit_price": "1", "currency": "GBP"}
        assert client.post("/api/v1/products", body).status_code == 403

    def test_show_their_keeper_the_buttons(self, shop, owner, keeper):
        mine = shop.ids["product_id"]
        other = another(owner, "products", {"sku": "X", "name": "X", "unit_price": "1", "currency": "GBP"})
        browser = browser_of(keeper("product", mine))

        assert f"/products/{mine}/deletion" in browser.get(f"/products/{mine}/").content.decode()
        assert f"/products/{other}/deletion" not in browser.get(f"/products/{other}/").content.decode()
        assert browser.post(f"/products/{other}/deletion").status_code == 403


class TestOrders:
    def test_are_cancelled_by_whoever_keeps_just_them(self, shop, owner, keeper):
        mine, reason = shop.ids["order_id"], {"reason": "changed my mind"}
        line = {"product_id": shop.ids["product_id"], "quantity": 1}
        other = another(owner, "orders", {"currency": "GBP", "lines": [line]})
        caller = keeper("order", mine)
        client = caller.client()

        assert "Cancel" in browser_of(caller).get(f"/orders/{mine}/").content.decode()
        assert client.post(f"/api/v1/orders/{other}/cancellation", reason).status_code == 403
        assert client.post(f"/api/v1/orders/{mine}/cancellation", reason).status_code == 200
        assert browser_of(caller).post(f"/orders/{other}/cancellation", reason).status_code == 403

    def test_are_taken_back_in_part_by_a_clerk_of_one(self, shop, owner, keeper):
        mine = shop.ids["order_id"]
        client = keeper("order", mine, role="clerk").client()
        (line,) = client.get(f"/api/v1/orders/{mine}").json()["data"]["lines"]

        body = {"reason": "broken", "lines": [{"line_id": line["id"], "quantity": 1}]}
        assert client.post(f"/api/v1/orders/{mine}/returns", body).status_code == 201
        assert client.post(f"/api/v1/orders/{mine}/cancellation", {"reason": "x"}).status_code == 403


class TestCustomers:
    def test_are_changed_by_whoever_keeps_just_them(self, shop, owner, keeper):
        mine = shop.ids["customer_id"]
        other = another(owner, "customers", {"code": "C-2", "name": "Other"})
        client = keeper("customer", mine).client()

        assert client.patch(f"/api/v1/customers/{mine}", {"name": "New"}, **JSON).status_code == 200
        assert client.patch(f"/api/v1/customers/{other}", {"name": "New"}, **JSON).status_code == 403


class TestKeepersWithoutAnyOtherRole:
    def test_read_their_object_and_no_list(self, shop, owner, tenant_id, keeper):
        mine = shop.ids["product_id"]
        caller = keeper("product", mine)
        held = owner.get(f"/api/v1/role-assignments?holder_id={caller.user_id}&role=viewer").json()["data"]
        owner.delete(f"/api/v1/role-assignments/{held[0]['id']}")
        client = caller.client()

        assert client.get(f"/api/v1/products/{mine}").status_code == 200
        assert client.get("/api/v1/products").status_code == 403
        assert client.get(f"/api/v1/orders/{shop.ids['order_id']}").status_code == 403


class TestObjects:
    def test_of_another_company_are_nothing_to_give_roles_for(self, shop, owner):
        foreign = make_shop(uuid7())

        for kind in ("product", "order", "customer"):
            for id_ in (foreign.ids[f"{kind}_id"], str(uuid7())):
                holder = {"holder_id": str(shop.owner.user_id), "role": "clerk"}
                answer = owner.post("/api/v1/role-assignments", holder | {"resource_type": kind, "resource_id": id_})
                assert (answer.status_code, list(answer.json()["errors"])) == (422, ["resource_id"]), kind
