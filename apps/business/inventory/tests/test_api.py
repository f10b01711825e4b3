import pytest

from apps.business.catalog.tests.factories import ProductFactory
from apps.business.inventory.tests.factories import StockLevelFactory
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
