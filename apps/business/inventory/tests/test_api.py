from uuid import uuid4

import pytest

from apps.business.catalog.tests.factories import ProductFactory
from apps.business.inventory import commands
from apps.business.inventory.tests.factories import StockLevelFactory, WarehouseFactory
from apps.core.tenancy import tenant

pytestmark = pytest.mark.django_db


@pytest.fixture
def level(tenant_id):
    with tenant(tenant_id):
        return StockLevelFactory()


def path_of(level):
    return f"/api/v1/products/{level.product_id}/stock-adjustments"


class TestStockLevels:
    def test_lists_them_with_their_products(self, api_client, level):
        (row,) = api_client("viewer").get("/api/v1/stock-levels").json()["data"]

        assert (row["sku"], row["on_hand"], row["reorder_level"]) == (level.product.sku, 10, None)

    def test_can_be_narrowed_to_what_is_low(self, api_client, level, tenant_id):
        with tenant(tenant_id):
            low = StockLevelFactory(product=ProductFactory(reorder_level=10))
        client = api_client("viewer")

        def ids(wish):
            rows = client.get("/api/v1/stock-levels", {"low": wish}).json()["data"]
            return [row["product_id"] for row in rows]

        assert (ids("true"), ids("false")) == ([str(low.product_id)], [str(level.product_id)])

    def test_shows_nothing_of_another_tenant(self, api_client, level, other_tenant_id):
        assert api_client("owner", tenant_id=other_tenant_id).get("/api/v1/stock-levels").json()["data"] == []


class TestStockAdjustments:
    def test_adjusts_and_receives_once_for_one_key(self, api_client, level):
        client = api_client("manager")
        wish = {"quantity": -4, "reason": "counted"}

        answers = [client.post(path_of(level), wish, headers={"Idempotency-Key": "k"}) for _ in range(2)]
        received = client.post(path_of(level), {"kind": "receipt", "quantity": 5, "reason": "delivery"})

        assert [answer.status_code for answer in (*answers, received)] == [201, 201, 201]
        assert received.json()["data"]["balance"] == 11
        ledger = client.get(path_of(level)).json()["data"]
        assert [(row["kind"], row["quantity"]) for row in ledger] == [("receipt", 5), ("adjustment", -4)]

    def test_refuses_to_go_below_zero_naming_the_product(self, api_client, level):
        answer = api_client("manager").post(path_of(level), {"quantity": -11, "reason": "lost"})

        assert (answer.status_code, answer.json()["code"]) == (409, "stock_short")
        assert answer.json()["short"][0]["available"] == 10

    def test_is_closed_to_clerks_and_to_other_tenants(self, api_client, level, other_tenant_id):
        wish = {"quantity": 1, "reason": "x"}

        assert api_client("clerk").post(path_of(level), wish).status_code == 403
        stranger = api_client("owner", tenant_id=other_tenant_id)
        assert stranger.post(path_of(level), wish).status_code == 404
        assert stranger.get(path_of(level)).status_code == 404


class TestTransfersThresholdsAndBackOrders:
    @pytest.fixture
    def other(self, tenant_id):
        with tenant(tenant_id):
            return WarehouseFactory()

    def test_a_transfer_answers_both_movements_once_for_one_key(self, api_client, level, other, tenant_id):
        client, path = api_client("manager"), f"/api/v1/products/{level.product_id}/stock-transfers"
        (row,) = client.get("/api/v1/stock-levels").json()["data"]
        wish = {"from_warehouse_id": row["warehouse_id"], "to_warehouse_id": str(other.id), "quantity": 4}

        answers = [client.post(path, wish, headers={"Idempotency-Key": "k"}) for _ in range(2)]

        assert [answer.status_code for answer in answers] == [201, 201]
        moved = [(m["warehouse_id"], m["quantity"], m["balance"]) for m in answers[0].json()["data"]]
        assert moved == [(row["warehouse_id"], -4, 6), (str(other.id), 4, 4)]
        assert client.post(path, {**wish, "quantity": 7}).json()["code"] == "stock_short"
        assert client.post(path, {**wish, "to_warehouse_id": row["warehouse_id"]}).status_code == 422

    def test_a_threshold_makes_a_level_low(self, api_client, level, other):
        client = api_client("manager")
        path = f"/api/v1/products/{level.product_id}/stock-thresholds/{other.id}"

        answer = client.put(path, {"low_at": 3}, "application/json")

        assert (answer.status_code, answer.json()["data"]["low_at"]) == (200, 3)
        low = client.get("/api/v1/stock-levels", {"low": "true"}).json()["data"]
        assert [row["warehouse_id"] for row in low] == [str(other.id)]

    def test_back_orders_are_allowed_and_told(self, api_client, level, tenant_id, occasion):
        client, order_id = api_client("manager"), uuid4()
        path = f"/api/v1/products/{level.product_id}/back-orders"

        assert client.put(path, {"at_most": 5}, "application/json").json()["data"] == {"at_most": 5, "waiting": 0}
        with tenant(tenant_id):
            commands.reserve(order_id=order_id, quantities={level.product_id: 12}, occasion=occasion())

        assert client.get(path).json()["data"] == {"at_most": 5, "waiting": 2}
        promised = client.get(f"/api/v1/products/{level.product_id}/reservations").json()["data"]
        assert [(row["quantity"], row["warehouse_id"] is None) for row in promised] == [(10, False), (2, True)]
        assert {row["order_id"] for row in promised} == {str(order_id)}


class TestWarehouses:
    def test_are_opened_changed_deleted_and_restored(self, api_client, level):
        client = api_client("manager")

        created = client.post("/api/v1/warehouses", {"name": "London", "country": "GB", "priority": 5})
        path = created.headers["Location"]
        changed = client.patch(
            path, {"address": "1 Dock Road"}, "application/json", headers={"If-Match": created.headers["ETag"]}
        )
        stale = client.patch(
            path, {"address": "2 Dock Road"}, "application/json", headers={"If-Match": created.headers["ETag"]}
        )
        deleted = client.delete(path, headers={"If-Match": changed.headers["ETag"]})
        listed = [row["name"] for row in client.get("/api/v1/warehouses").json()["data"]]
        restored = client.post(f"{path}/restoration")
        default = client.post(f"{path}/default")

        answers = (created, changed, stale, deleted, restored, default)
        assert [answer.status_code for answer in answers] == [201, 200, 412, 204, 200, 200]
        assert listed == ["Main warehouse"]
        assert client.get(path).json()["data"]["is_default"] is True

    def test_are_refused_with_a_reason(self, api_client, level):
        client = api_client("manager")
        client.post("/api/v1/warehouses", {"name": "London"})
        (main,) = [row for row in client.get("/api/v1/warehouses").json()["data"] if row["is_default"]]

        taken = client.post("/api/v1/warehouses", {"name": "London"})
        in_use = client.delete(f"/api/v1/warehouses/{main['id']}", headers={"If-Match": f'"v{main["version"]}"'})
        nowhere = client.post("/api/v1/warehouses", {"name": "Leeds", "latitude": "51.5"})

        assert (taken.status_code, taken.json()["code"]) == (409, "warehouse_name_taken")
        assert (in_use.status_code, in_use.json()["code"]) == (409, "warehouse_in_use")
        assert nowhere.status_code == 422

    def test_of_another_tenant_are_not_found(self, api_client, level, other_tenant_id, tenant_id):
        (main,) = api_client("viewer").get("/api/v1/warehouses").json()["data"]
        stranger = api_client("owner", tenant_id=other_tenant_id)

        assert stranger.get(f"/api/v1/warehouses/{main['id']}").status_code == 404
        assert stranger.post(f"/api/v1/warehouses/{main['id']}/default").status_code == 404
