import pytest
from django.contrib.messages import get_messages

from apps.business.inventory import commands as inventory
from apps.business.inventory.tests.factories import StockLevelFactory
from apps.business.orders import queries as orders
from apps.business.orders.tests.factories import ADA, line, place
from apps.core.tenancy import tenant

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(tenant_id, drain):
    with tenant(tenant_id):
        placed = place()
        drain()
        return placed


@pytest.fixture
def line_id(order, tenant_id):
    with tenant(tenant_id):
        return str(orders.lines_of(order.id)[0].id)


@pytest.fixture
def clerk(caller):
    return caller("clerk").client()


class TestTheApi:
    def test_ships_follows_and_lists(self, order, line_id, clerk):
        waiting = clerk.get("/api/v1/orders-to-ship").json()["data"]
        wish = {"lines": [{"line_id": line_id, "quantity": 3}], "carrier": "DHL", "tracking_number": "JD01"}
        made = clerk.post(f"/api/v1/orders/{order.id}/shipments", wish)
        shipment = made.json()["data"]
        progress = f"/api/v1/shipments/{shipment['id']}/progress"
        arrived = clerk.post(progress, {"status": "delivered"})

        assert [row["id"] for row in waiting] == [str(order.id)]
        assert (made.status_code, shipment["status"], arrived.json()["data"]["status"]) == (201, "shipped", "delivered")
        assert [row["id"] for row in clerk.get("/api/v1/shipments", {"tracking_number": "JD01"}).json()["data"]] == [
            shipment["id"]
        ]
        assert clerk.get(f"/api/v1/shipments/{shipment['id']}").json()["data"]["status"] == "delivered"
        assert clerk.get(f"/api/v1/shipments/{shipment['id']}/packing-slip").content.startswith(b"%PDF")
        assert clerk.post(progress, {"status": "lost"}).status_code == 409

    def test_packs_and_unpacks(self, order, line_id, clerk):
        wish = {"lines": [{"line_id": line_id, "quantity": 1}], "send": False}
        made = clerk.post(f"/api/v1/orders/{order.id}/shipments", wish).json()["data"]

        assert made["status"] == "ready"
        assert clerk.delete(f"/api/v1/shipments/{made['id']}").status_code == 204
        assert clerk.get(f"/api/v1/shipments/{made['id']}").status_code == 404

    def test_refuses_more_than_is_owed_even_in_pieces(self, order, line_id, clerk):
        lines = [{"line_id": line_id, "quantity": 2}, {"line_id": line_id, "quantity": 2}]

        answer = clerk.post(f"/api/v1/orders/{order.id}/shipments", {"lines": lines})

        assert (answer.status_code, answer.json()["errors"]) == (422, {f"lines.{line_id}": ["from 1 to 3"]})


class TestThePages:
    def test_ship_from_the_orders_page(self, order, line_id, browser, clerk):
        clerk_at_desk = browser("clerk")
        shown = clerk_at_desk.get(f"/orders/{order.id}/").content.decode()
        form = {"line_id": [line_id], "quantity": ["2"], "carrier": "DHL", "tracking_link": "", "deed": "ship"}
        clerk_at_desk.post(f"/orders/{order.id}/shipments", form)
        (shipment,) = clerk.get("/api/v1/shipments", {"order_id": str(order.id)}).json()["data"]
        path = f"/shipments/{shipment['id']}/"

        assert "In this parcel" in shown
        assert shipment["number"] in clerk_at_desk.get(f"/orders/{order.id}/").content.decode()
        assert "DHL" in clerk_at_desk.get(path).content.decode()
        assert clerk_at_desk.get(f"{path}packing-slip").status_code == 200
        clerk_at_desk.post(f"{path}progress", {"status": "delivered"})
        assert "delivered" in clerk_at_desk.get("/shipments/?status=delivered").content.decode().lower()

    def test_show_what_waits_and_say_what_is_wrong(self, order, line_id, browser):
        clerk = browser("clerk")
        forms = [
            {"line_id": [line_id], "quantity": ["many"]},
            {"line_id": [line_id], "quantity": ["9"]},
            {"line_id": [line_id], "quantity": ["1"], "tracking_link": "nowhere"},
        ]
        said = []
        for form in forms:
            answer = clerk.post(f"/orders/{order.id}/shipments", form)
            said += [str(message) for message in get_messages(answer.wsgi_request)]

        assert order.number in clerk.get("/shipments/waiting").content.decode()
        for text, page in zip(("whole numbers", "From 1 to 3", "no address"), said, strict=True):
            assert text in page

    def test_pack_send_and_unpack(self, order, line_id, browser, clerk):
        desk = browser("clerk")
        for _ in range(2):
            desk.post(f"/orders/{order.id}/shipments", {"line_id": [line_id], "quantity": ["1"], "deed": "pack"})
        first, second = clerk.get("/api/v1/shipments", {"status": "ready"}).json()["data"]

        assert "Unpack" in desk.get(f"/shipments/{first['id']}/").content.decode()
        desk.post(f"/shipments/{first['id']}/progress", {"status": "shipped", "carrier": "UPS"})
        desk.post(f"/shipments/{second['id']}/deletion")
        (left,) = clerk.get("/api/v1/shipments").json()["data"]
        assert (left["id"], left["status"], left["carrier"]) == (first["id"], "shipped", "UPS")

    def test_propose_what_can_leave_now_and_say_what_waits(self, tenant_id, browser):
        with tenant(tenant_id):
            product = StockLevelFactory(on_hand=3).product_id
            inventory.allow_back_orders(product_id=product, at_most=9, actor=ADA)
            order = place(line(product, 5))
        desk = browser("clerk")

        shown = desk.get(f"/orders/{order.id}/").content.decode()
        with tenant(tenant_id):
            line_id = orders.lines_of(order.id)[0].id
        answer = desk.post(f"/orders/{order.id}/shipments", {"line_id": [line_id], "quantity": ["4"], "deed": "ship"})
        desk.post(f"/orders/{order.id}/shipments", {"line_id": [line_id], "quantity": ["3"], "deed": "ship"})
        later = desk.get(f"/orders/{order.id}/").content.decode()

        assert 'value="3"' in shown and "2 must come in first" in shown
        assert "can leave now; 2 must come in first" in str(next(iter(get_messages(answer.wsgi_request))))
        assert 'value="ship"' in shown and 'value="ship"' not in later and "2 must come in first" in later

    def test_are_read_only_for_viewers(self, order, browser):
        viewer = browser("viewer")

        assert "In this parcel" not in viewer.get(f"/orders/{order.id}/").content.decode()
        assert viewer.post(f"/orders/{order.id}/shipments").status_code == 403
