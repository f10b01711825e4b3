import pytest
from django.contrib.messages import get_messages

from apps.business.catalog.tests.factories import ProductFactory, ProductPriceFactory
from apps.business.inventory import commands
from apps.business.inventory import queries as inventory
from apps.business.inventory.tests.factories import StockLevelFactory
from apps.business.orders import queries
from apps.business.orders.tests.factories import ADA, CustomerFactory, line, place, postage
from apps.core.tenancy import tenant

pytestmark = pytest.mark.django_db


@pytest.fixture
def level(tenant_id):
    with tenant(tenant_id):
        return StockLevelFactory(product=ProductFactory(name="Tea pot", reorder_level=20))


@pytest.fixture
def customer(tenant_id):
    with tenant(tenant_id):
        return CustomerFactory(name="Ida Vogel")


@pytest.fixture
def order(drain, tenant_id, level, customer):
    with tenant(tenant_id):
        placed = place(line(level.product_id, 3), postage(), customer_id=customer.id)
        drain()
        return placed


def said(answer):
    return [str(message) for message in get_messages(answer.wsgi_request)]


class TestDashboard:
    def test_shows_sales_and_low_stock(self, browser, order):
        html = browser().get("/").content.decode()

        assert "Orders today" in html
        assert "£12.60" in html
        assert "reorder at 20" in html
        assert f"/orders/{order.id}/" in html

    def test_shows_nothing_of_another_tenant(self, browser, order, other_tenant_id):
        html = browser("owner", tenant_id=other_tenant_id).get("/").content.decode()

        assert str(order.id) not in html
        assert "Tea pot" not in html

    def test_sends_an_anonymous_browser_to_sign_in(self, client):
        assert client.get("/").status_code == 302


class TestOrderList:
    @pytest.mark.parametrize(
        ("query", "shown"), [({}, True), ({"q": "ida"}, True), ({"status": "cancelled"}, False), ({"q": "bob"}, False)]
    )
    def test_shows_what_is_asked_for(self, browser, order, query, shown):
        assert ("SO-000001" in browser("viewer").get("/orders/", query).content.decode()) is shown

    def test_says_which_filter_it_does_not_understand(self, browser, order):
        assert "placed_from" in browser().get("/orders/", {"placed_from": "soon"}).content.decode()

    def test_costs_one_statement_of_this_service(self, browser, order, django_assert_num_queries):
        client = browser("viewer")

        with django_assert_num_queries(1, using="business"):
            client.get("/orders/")


class TestOrderPage:
    def test_shows_lines_totals_and_story(self, browser, order):
        html = browser().get(f"/orders/{order.id}/").content.decode()

        for text in ("Order SO-000001", "Tea pot", "Ida Vogel", "Order placed", "2 lines, £12.60", "Postage", "£4.95"):
            assert text in html

    def test_cancels(self, browser, order, tenant_id):
        answer = browser().post(f"/orders/{order.id}/cancellation", {"reason": "ordered twice"})

        assert said(answer) == ["Cancelled order SO-000001; its goods are back in stock."]
        page = browser().get(f"/orders/{order.id}/").content.decode()
        assert "ordered twice" in page
        assert 'id="cancel-order"' not in page

    def test_asks_for_a_reason(self, browser, order, tenant_id):
        answer = browser().post(f"/orders/{order.id}/cancellation", {"reason": " "})

        assert said(answer) == ["Say why the order is cancelled, in at most 200 characters."]
        with tenant(tenant_id):
            assert not queries.order(order.id).is_cancelled

    def test_takes_goods_back(self, browser, order, tenant_id, level):
        with tenant(tenant_id):
            bought = queries.lines_of(order.id)[0]
        form = {"reason": "broken", "line_id": [str(bought.id)], "quantity": ["2"]}

        answer = browser("clerk").post(f"/orders/{order.id}/returns", form)

        assert said(answer) == ["The return is booked; the goods are back in stock."]
        assert "2 returned" in browser().get(f"/orders/{order.id}/").content.decode()

    @pytest.mark.parametrize(
        ("quantity", "text"),
        [("9", "from 1 to 3"), ("x", "whole numbers"), ("0", "nothing is to be returned"), ("-1", "from 1 to 3")],
    )
    def test_says_what_is_wrong_with_a_return(self, browser, order, tenant_id, quantity, text):
        with tenant(tenant_id):
            bought = queries.lines_of(order.id)[0]

        answer = browser("clerk").post(
            f"/orders/{order.id}/returns", {"reason": "broken", "line_id": [str(bought.id)], "quantity": [quantity]}
        )

        assert text in said(answer)[0]

    def test_is_not_found_by_another_tenant(self, browser, order, other_tenant_id):
        stranger, path = browser("owner", tenant_id=other_tenant_id), f"/orders/{order.id}"

        assert stranger.get(f"{path}/").status_code == 404
        assert said(stranger.post(f"{path}/cancellation", {"reason": "x"})) == [f"there is no order {order.id}"]

    def test_is_closed_to_who_may_not(self, browser, order):
        assert browser("clerk").post(f"/orders/{order.id}/cancellation", {"reason": "x"}).status_code == 403


class TestNewOrder:
    def draft(self, level, quantity="3", **changes):
        return {"idempotency_key": "key-1", "product_id": [str(level.product_id)], "quantity": [quantity], **changes}

    def test_begins_empty_with_a_key_of_its_own(self, browser):
        html = browser("clerk").get("/orders/new").content.decode()

        assert 'name="idempotency_key"' in html
        assert "No products yet" in html

    def test_finds_and_adds_products_and_customers(self, browser, level, customer):
        client, htmx = browser("clerk"), {"HX-Request": "true"}
        wish = {"product_q": "tea", "customer_q": "ida", "action": "refresh", "idempotency_key": "k"}

        found = client.post("/orders/new", wish, headers=htmx).content.decode()
        added = client.post(
            "/orders/new", {"action": f"add:{level.product_id}", "customer_id": str(customer.id)}, headers=htmx
        ).content.decode()

        assert f"add:{level.product_id}" in found
        assert f"customer:{customer.id}" in found
        assert "<html" not in added
        assert "£2.55" in added
        assert "clear-customer" in added

    def test_offers_the_variants_of_what_is_sold_in_variants(self, browser, level, tenant_id):
        client, master = browser("clerk"), level.product
        with tenant(tenant_id):
            small = ProductFactory(sku="X-M", name="Medium", variant_of=master, options={"size": "M", "hue": "red"})
            ProductPriceFactory(product=small)
            StockLevelFactory(product=small, on_hand=5, reserved=2)

        found = client.post("/orders/new", {"product_q": "tea", "action": "refresh"}).content.decode()
        added = client.post("/orders/new", {"action": f"add:{small.id}"}).content.decode()
        refused = client.post("/orders/new", self.draft(level, action="place"))

        assert f"{master.name} — red, M" in found
        assert "3 available" in found
        assert f"add:{master.id}" not in found
        assert "£9.00" in added
        assert (refused.status_code, "Is sold in variants" in refused.content.decode()) == (422, True)

    def test_counts_up_and_removes(self, browser, level):
        client = browser("clerk")

        two = client.post("/orders/new", self.draft(level, "1", action=f"add:{level.product_id}")).content.decode()
        none = client.post("/orders/new", self.draft(level, action=f"remove:{level.product_id}")).content.decode()

        assert "£5.10" in two
        assert "No products yet" in none

    def test_places_it_once_however_often_it_is_sent(self, browser, level, customer, tenant_id):
        client = browser("clerk")
        wish = self.draft(level, action="place", customer_id=str(customer.id), note="Ring twice")

        answers = [client.post("/orders/new", wish) for _ in range(2)]

        assert answers[0]["Location"] == answers[1]["Location"]
        with tenant(tenant_id):
            assert inventory.on_hand([level.product_id]) == {level.product_id: 7}

    @pytest.mark.parametrize("quantity", ["0", "many", "", "11", "-1", "9999999999999"])
    def test_keeps_what_was_typed_and_says_what_is_wrong(self, browser, level, quantity):
        answer = browser("clerk").post("/orders/new", self.draft(level, quantity, action="place"))

        assert answer.status_code == 422
        assert f'value="{quantity}"' in answer.content.decode()
        assert 'class="row-bad"' in answer.content.decode()

    def test_sells_what_may_be_waited_for_and_says_so_before(self, browser, level, customer, tenant_id):
        with tenant(tenant_id):
            commands.allow_back_orders(product_id=level.product_id, at_most=4, actor=ADA)
        page, wanted = browser("clerk"), level.on_hand + 3

        shown = page.post("/orders/new", self.draft(level, str(wanted), customer_id=customer.id)).content.decode()
        too_many = page.post("/orders/new", {**self.draft(level, str(wanted + 2)), "action": "place"})
        placed = page.post("/orders/new", {**self.draft(level, str(wanted)), "action": "place"})

        assert "3, sent once they have come in" in shown
        assert "and 4 more can be back-ordered" in too_many.content.decode()
        assert "3 of its pieces have to come in first" in said(placed)[0]
        with tenant(tenant_id):
            assert inventory.available([level.product_id]) == {level.product_id: 0}
            assert inventory.back_ordered([level.product_id]) == {level.product_id: 3}

    def test_needs_a_product(self, browser):
        answer = browser("clerk").post("/orders/new", {"action": "place", "idempotency_key": "k"})

        assert answer.status_code == 422
        assert "Add at least one product." in answer.content.decode()

    def test_sees_nothing_of_another_tenant(self, browser, level, customer, other_tenant_id):
        stranger = browser("owner", tenant_id=other_tenant_id)
        wish = self.draft(level, action="place", customer_id=str(customer.id), product_q="tea", customer_q="ida")

        html = stranger.post("/orders/new", wish).content.decode()

        assert "Ida Vogel" not in html
        assert "Tea pot" not in html

    def test_takes_no_harm_from_what_no_form_sends(self, browser, level):
        wish = {"action": "customer:x", "product_id": ["x", ""], "quantity": ["1"], "product_q": "\x00", "note": "\x00"}

        assert browser("clerk").post("/orders/new", wish).status_code == 200

    def test_is_closed_to_viewers(self, browser):
        assert browser("viewer").get("/orders/new").status_code == 403
