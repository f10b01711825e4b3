import pytest
from django.contrib.messages import get_messages

from apps.business.catalog.tests.factories import ProductFactory
from apps.business.inventory import commands, queries
from apps.business.inventory.models import Warehouse
from apps.business.inventory.tests.factories import StockLevelFactory, WarehouseFactory
from apps.core.tenancy import tenant

pytestmark = pytest.mark.django_db


def said(answer):
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


@pytest.fixture
def level(tenant_id):
    with tenant(tenant_id):
        StockLevelFactory(product__name="Oak Board")
        return queries.stock_levels().get()


class TestTheStock:
    def test_is_listed_by_warehouse_and_narrowed_to_what_is_low_or_waited_for(
        self, browser, level, tenant_id, occasion
    ):
        with tenant(tenant_id):
            low = StockLevelFactory(product=ProductFactory(name="Brass Hook", reorder_level=10))
            commands.allow_back_orders(product_id=level.product_id, at_most=5, actor=occasion().actor)
            commands.reserve(order_id=level.id, quantities={level.product_id: 12}, occasion=occasion())
        client = browser("viewer")

        def shown(**wish):
            text = client.get("/stock/", wish).text
            return {name for name in ("Oak Board", "Brass Hook") if name in text}

        assert low
        assert shown() == {"Oak Board", "Brass Hook"}
        assert shown(low="true") == {"Brass Hook"}
        assert shown(back_ordered="true") == {"Oak Board"}
        assert shown(q="brass") == {"Brass Hook"}
        assert shown(warehouse_id=level.warehouse_id) == {"Oak Board", "Brass Hook"}
        assert "Select a valid" not in client.get("/stock/", {"warehouse_id": "x"}).text

    def test_of_a_product_shows_where_it_lies_who_was_promised_it_and_what_moved(
        self, browser, level, tenant_id, occasion
    ):
        with tenant(tenant_id):
            commands.reserve(order_id=level.id, quantities={level.product_id: 2}, occasion=occasion())
            commands.receive(product_id=level.product_id, quantity=5, occasion=occasion(reason="delivery"))

        text = browser("viewer").get(f"/stock/{level.product_id}/").text

        assert "13 available, 2 reserved" in text
        assert "Main warehouse" in text
        assert f"/orders/{level.id}/" in text
        assert "delivery" in text
        assert "/transfers" not in text, "a viewer changes nothing"

    def test_of_another_tenant_is_not_found(self, browser, level, other_tenant_id):
        assert browser("owner", tenant_id=other_tenant_id).get(f"/stock/{level.product_id}/").status_code == 404

    def test_is_transferred(self, browser, level, tenant_id):
        with tenant(tenant_id):
            other = WarehouseFactory()
        client, path = browser("manager"), f"/stock/{level.product_id}/transfers"
        wish = {"from_warehouse_id": level.warehouse_id, "to_warehouse_id": other.id, "quantity": 4}

        answers = [client.post(path, wish), client.post(path, wish | {"quantity": 40})]
        nonsense = client.post(path, wish | {"quantity": "many"})

        assert answers[0].url == f"/stock/{level.product_id}/"
        assert "40 wanted, 6 in stock" in said(answers[1])
        assert "Enter a whole number" in said(nonsense)
        with tenant(tenant_id):
            assert {one.warehouse_id: one.on_hand for one in queries.levels_of(level.product_id)} == {
                level.warehouse_id: 6,
                other.id: 4,
            }

    def test_has_thresholds_and_back_orders(self, browser, level, tenant_id):
        client, here = browser("manager"), f"/stock/{level.product_id}/"

        client.post(f"{here}thresholds", {"warehouse_id": level.warehouse_id, "low_at": 10})
        client.post(f"{here}back-orders", {"at_most": 7})

        text = client.get(here).text
        assert "Low stock" in text
        with tenant(tenant_id):
            assert queries.back_orders(level.product_id) == {"at_most": 7, "waiting": 0}

    def test_is_changed_by_nobody_who_may_only_look(self, browser, level):
        client = browser("clerk")

        for verb in ("transfers", "thresholds", "back-orders"):
            assert client.post(f"/stock/{level.product_id}/{verb}", {}).status_code == 403


class TestWarehouses:
    FORM = {"name": "London", "address": "1 Dock Road", "country": "GB", "priority": 5}

    def test_are_opened_edited_deleted_and_restored(self, browser, tenant_id):
        client = browser("manager")

        assert client.post("/warehouses/new", self.FORM).url == "/warehouses/"
        with tenant(tenant_id):
            london = Warehouse.objects.get(name="London")
        here = f"/warehouses/{london.id}/"
        assert "1 Dock Road" in client.get(here).text
        assert client.post(here, {**self.FORM, "priority": 7, "version": 1}).url == "/warehouses/"
        client.post(f"{here}deletion")
        assert "London" not in client.get("/warehouses/").text
        assert "London" in client.get("/warehouses/", {"state": "deleted"}).text
        client.post(f"{here}restoration")
        client.post(f"{here}default")

        with tenant(tenant_id):
            london.refresh_from_db()
        assert (london.priority, london.is_deleted, london.is_default) == (7, False, True)

    def test_say_what_is_wrong_and_keep_what_was_typed(self, browser, tenant_id):
        client = browser("manager")
        client.post("/warehouses/new", self.FORM)

        taken = client.post("/warehouses/new", self.FORM)
        alone = client.post("/warehouses/new", {**self.FORM, "name": "Leeds", "latitude": "51.5"})
        nonsense = client.post("/warehouses/new", {**self.FORM, "priority": "first"})

        assert (taken.status_code, alone.status_code, nonsense.status_code) == (422, 422, 422)
        assert "there is a warehouse London already" in taken.text
        assert "belong together" in alone.text
        assert "1 Dock Road" in nonsense.text

    def test_keep_what_was_typed_when_somebody_else_saved_first(self, browser, tenant_id):
        client = browser("manager")
        client.post("/warehouses/new", self.FORM)
        with tenant(tenant_id):
            london = Warehouse.objects.get(name="London")
        here = f"/warehouses/{london.id}/"
        client.post(here, {**self.FORM, "priority": 7, "version": 1})

        late = client.post(here, {**self.FORM, "address": "2 Dock Road", "version": 1})

        assert late.status_code == 409
        assert "2 Dock Road" in late.text
        assert 'value="2"' in late.text

    def test_that_hold_goods_stay(self, browser, level):
        answer = browser("manager").post(f"/warehouses/{level.warehouse_id}/deletion")

        assert "is the default" in said(answer)
