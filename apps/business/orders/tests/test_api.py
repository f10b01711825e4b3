import pytest

from apps.business.inventory import queries as inventory
from apps.business.inventory.tests.factories import StockLevelFactory
from apps.business.orders.tests.factories import CustomerFactory, line, place
from apps.core.tenancy import tenant

pytestmark = pytest.mark.django_db
URL = "/api/v1/orders"


@pytest.fixture
def level(tenant_id):
    with tenant(tenant_id):
        return StockLevelFactory()


@pytest.fixture
def order(tenant_id, level):
    with tenant(tenant_id):
        return place(line(level.product_id, 3), customer_id=CustomerFactory(name="Ida Vogel").id)


def wish(level, quantity=2, **changes):
    return {"currency": "GBP", "lines": [{"product_id": str(level.product_id), "quantity": quantity}], **changes}


class TestOrders:
    def test_places_one_and_answers_with_it(self, api_client, level):
        answer = api_client("clerk").post(URL, wish(level))

        placed = answer.json()["data"]
        assert (answer.status_code, answer["Location"]) == (201, f"{URL}/{placed['id']}")
        assert (placed["number"], placed["total_minor"], placed["source"]) == ("SO-000001", 510, "api")
        assert placed["lines"][0]["unit_price"] == "2.5500"

    def test_places_one_for_one_idempotency_key(self, api_client, level, tenant_id):
        client = api_client("clerk")

        answers = [client.post(URL, wish(level), headers={"Idempotency-Key": "k"}) for _ in range(2)]

        assert answers[0].json()["data"]["id"] == answers[1].json()["data"]["id"]
        with tenant(tenant_id):
            assert inventory.on_hand([level.product_id])[level.product_id] == 8

    def test_takes_postage_and_discounts(self, api_client, level):
        lines = [
            *wish(level)["lines"],
            {"kind": "postage", "description": "Postage", "unit_price": "4.95"},
            {"kind": "discount", "description": "Regular", "unit_price": "-1.00"},
        ]

        placed = api_client("clerk").post(URL, {"currency": "GBP", "lines": lines}).json()["data"]

        assert placed["total_minor"] == 510 + 495 - 100

    def test_names_every_short_product(self, api_client, level):
        answer = api_client("clerk").post(URL, wish(level, 11))

        assert (answer.status_code, answer.json()["code"]) == (409, "stock_short")
        assert answer.json()["short"] == [
            {"product_id": str(level.product_id), "sku": level.product.sku, "wanted": 11, "available": 10}
        ]

    def test_says_which_line_is_wrong(self, api_client, level):
        answer = api_client("clerk").post(URL, wish(level, 0))

        assert (answer.status_code, list(answer.json()["errors"])) == (422, ["lines.0.quantity"])

    def test_lists_what_the_events_made_of_it(self, drain, api_client, order):
        client = api_client("viewer")
        before = client.get(URL).json()["data"]

        drain()

        (row,) = client.get(URL, {"q": "ida", "status": "placed", "placed_from": "2026-01-01"}).json()["data"]
        assert before == []
        assert (row["id"], row["customer_name"], row["total_minor"]) == (str(order.id), "Ida Vogel", 765)

    @pytest.mark.parametrize("query", [{"status": "cancelled"}, {"q": "nobody"}, {"placed_to": "2026-01-01"}])
    def test_lists_nothing_that_does_not_fit(self, drain, api_client, order, query):
        drain()

        assert api_client("viewer").get(URL, query).json()["data"] == []

    def test_is_closed_to_viewers(self, api_client, level):
        assert api_client("viewer").post(URL, wish(level)).status_code == 403


class TestOneOrder:
    def test_shows_it_whole(self, api_client, order):
        body = api_client("viewer").get(f"{URL}/{order.id}").json()["data"]

        assert body["customer"]["name"] == "Ida Vogel"
        assert [row["quantity"] for row in body["lines"]] == [3]

    def test_is_cancelled_by_who_may(self, api_client, order):
        path = f"{URL}/{order.id}/cancellation"

        refused = api_client("clerk").post(path, {"reason": "x"})
        done = api_client("manager").post(path, {"reason": "ordered twice"})

        assert (refused.status_code, done.status_code) == (403, 200)
        assert done.json()["data"]["status"] == "cancelled"

    def test_takes_lines_back(self, api_client, order):
        client = api_client("clerk")
        line_id = client.get(f"{URL}/{order.id}").json()["data"]["lines"][0]["id"]

        answer = client.post(
            f"{URL}/{order.id}/returns", {"reason": "broken", "lines": [{"line_id": line_id, "quantity": 1}]}
        )

        assert (answer.status_code, answer.json()["data"]["total_minor"]) == (201, 255)
        assert client.get(f"{URL}/{order.id}").json()["data"]["status"] == "partly_returned"

    def test_tells_its_story(self, api_client, order):
        (event,) = api_client("viewer").get(f"{URL}/{order.id}/events").json()["data"]

        assert (event["event_type"], event["sequence"]) == ("OrderPlaced", 1)
        assert event["payload"]["totalMinor"] == 765

    def test_is_not_found_by_another_tenant(self, api_client, order, other_tenant_id):
        stranger = api_client("owner", tenant_id=other_tenant_id)
        returns = {"reason": "x", "lines": [{"line_id": str(order.id), "quantity": 1}]}

        answers = [
            stranger.get(f"{URL}/{order.id}"),
            stranger.get(f"{URL}/{order.id}/events"),
            stranger.post(f"{URL}/{order.id}/cancellation", {"reason": "x"}),
            stranger.post(f"{URL}/{order.id}/returns", returns),
        ]

        assert {answer.status_code for answer in answers} == {404}


class TestCustomers:
    def test_are_created_changed_and_found(self, api_client):
        client = api_client("clerk")

        created = client.post("/api/v1/customers", {"code": "17850", "name": "Ida Vogel"}).json()["data"]
        path = f"/api/v1/customers/{created['id']}"
        changed = client.patch(path, {"name": "Ida Falk"}, "application/json")

        assert changed.json()["data"]["version"] == 2
        assert client.get(path).json()["data"] == changed.json()["data"]
        assert [row["id"] for row in client.get("/api/v1/customers", {"q": "ida f"}).json()["data"]] == [created["id"]]
        assert client.get("/api/v1/customers", {"code": "1785"}).json()["data"] == []

    def test_are_closed_to_viewers_and_other_tenants(self, api_client, other_tenant_id):
        created = api_client("clerk").post("/api/v1/customers", {"code": "1", "name": "Ida"}).json()["data"]

        assert api_client("viewer").post("/api/v1/customers", {"code": "2", "name": "x"}).status_code == 403
        stranger = api_client("owner", tenant_id=other_tenant_id)
        assert stranger.get(f"/api/v1/customers/{created['id']}").status_code == 404
