"""Carts by API: with a token, or signed in; and the shop's settings."""

from uuid import uuid4

import pytest
from django.test import Client

from apps.business.carts import queries
from apps.business.carts.links import way_back
from apps.business.carts.tests.factories import goods, open_shop
from apps.business.carts.tests.working import go_on
from apps.business.orders import queries as orders
from apps.business.orders.tests.factories import address
from apps.core.tenancy import tenant
from tests.callers import ensure_tenant

pytestmark = pytest.mark.django_db
JSON = "application/json"


@pytest.fixture
def pot(tenant_id):
    with tenant(tenant_id):
        return goods(name="Tea pot")


@pytest.fixture
def url(tenant_id, pot):
    slug = ensure_tenant(tenant_id).slug
    with tenant(tenant_id):
        open_shop()
    return f"/api/v1/carts/{slug}"


@pytest.fixture
def guest():
    return Client(headers={"accept": JSON})


def put(client, url, pot, quantity, token=""):
    headers = {"X-Cart-Token": token} if token else {}
    return client.put(f"{url}/lines/{pot.id}", {"quantity": quantity}, JSON, headers=headers)


class TestACart:
    def test_is_filled_by_anybody_who_keeps_the_token(self, guest, url, pot):
        first = put(guest, url, pot, 2).json()["data"]
        token = first["token"]

        again = put(guest, url, pot, 3, token).json()["data"]
        seen = guest.get(url, headers={"X-Cart-Token": token}).json()["data"]

        assert (again["token"], seen["pieces"], seen["total_minor"]) == (None, 3, 750)
        assert (seen["items"][0]["unit_price"], seen["items"][0]["available"]) == ("2.5000", 10)
        assert guest.get(url).json()["data"]["items"] == []
        emptied = guest.delete(f"{url}/lines/{pot.id}", headers={"X-Cart-Token": token}).json()["data"]
        assert emptied["items"] == []

    def test_comes_along_at_sign_in(self, guest, url, pot, api_client):
        token, client = put(guest, url, pot, 2).json()["data"]["token"], api_client("viewer")

        for _ in range(2):
            assert client.post(f"{url}/adoption", {"token": token}).json()["data"]["pieces"] == 2
        assert client.get(url).json()["data"]["pieces"] == 2

    def test_of_its_own_has_only_who_belongs_to_the_company(self, url, api_client, other_tenant_id):
        stranger = api_client("owner", tenant_id=other_tenant_id)

        assert stranger.post(f"{url}/adoption", {"token": "x"}).json()["code"] == "cart_not_found"
        assert stranger.get(url).json()["data"]["id"] is None

    def test_becomes_one_order_however_often_it_is_sent(self, guest, url, pot, tenant_id):
        cart = put(guest, url, pot, 2).json()["data"]
        wish = {
            "cart_id": cart["id"],
            "name": "Ida Vogel",
            "email": "ida@vogel.test",
            "shipping_address": address().texts,
            "agreed_total_minor": 500,
        }

        answers = [guest.post(f"{url}/checkout", wish, JSON, headers={"X-Cart-Token": cart["token"]}) for _ in range(2)]

        assert [answer.status_code for answer in answers] == [201, 201]
        (order_id,) = {answer.json()["data"]["order_id"] for answer in answers}
        with tenant(tenant_id):
            assert orders.order(order_id).total_minor == 500


class TestPayingOnTheProvidersPage:
    @pytest.fixture(autouse=True)
    def _simulator(self, settings, tmp_path, tenant_id, url):
        settings.PAYMENT_SIMULATOR, settings.PAYMENT_SIMULATOR_FILE = True, str(tmp_path / "simulator.sqlite3")
        with tenant(tenant_id):
            open_shop(return_origins=["https://Tea.example/"])

    @pytest.fixture
    def check_out(self, guest, url, pot):
        def checked_out(**changes):
            cart = put(guest, url, pot, 2).json()["data"]
            who = {"cart_id": cart["id"], "name": "Ida", "email": "ida@vogel.test", "shipping_address": address().texts}
            wish = {**who, "payment_method": "page", **changes}
            return guest.post(f"{url}/checkout", wish, JSON, headers={"X-Cart-Token": cart["token"]})

        return checked_out

    def test_leads_there_and_back_to_the_storefront(self, guest, url, check_out, tenant_id, drain):
        order = check_out(return_url="https://tea.example/thanks?lang=en").json()["data"]
        here = f"{url}/orders/{order['order_token']}"

        hop = order["next_action"]["url"]
        waits = guest.get(hop)["Refresh"].partition("url=")[2]
        go_on(tenant_id, drain)
        there = guest.get(waits)["Location"]
        between = guest.get(here).json()["data"]
        paid = guest.post(there, {"card": "pm_card_visa"})["Location"]
        back = guest.get(paid)["Location"]
        go_on(tenant_id, drain)
        after = guest.get(here).json()["data"]

        assert (order["next_action"]["type"], hop.startswith("http://testserver/shop/")) == ("redirect", True)
        assert there.startswith(f"/pay/{tenant_id}/")
        assert (between["next_action"]["type"], between["pay_by"] is None) == ("redirect", False)
        token = order["order_token"].replace(":", "%3A")
        assert back == f"https://tea.example/thanks?lang=en&order={token}"
        assert (after["status"], after["payment_status"], after["next_action"]) == ("placed", "paid", None)

    def test_can_be_given_up_by_who_has_the_orders_token(self, guest, url, check_out, tenant_id, drain):
        order = check_out().json()["data"]
        token, here = order["order_token"], f"{url}/orders/{order['order_token']}"
        for wrong in (token[:-1], token.partition(":")[0], f"{uuid4()}:{token.partition(':')[2]}"):
            assert guest.get(f"{url}/orders/{wrong}").json()["code"] == "order_not_found"
            assert guest.post(f"{url}/orders/{wrong}/cancellation", {}, JSON).status_code == 404
        go_on(tenant_id, drain)

        called_off = guest.post(f"{here}/cancellation", {}, JSON).json()["data"]
        go_on(tenant_id, drain)
        after = guest.get(here).json()["data"]

        assert (order["next_action"]["type"], called_off["next_action"]) == ("redirect", None)
        assert (after["status"], after["payment_problem"], after["next_action"]) == ("refused", "page_closed", None)

    def test_leads_back_to_nobody_elses_address(self, check_out, guest, url):
        elsewhere = ("https://tea.example@evil.example/", "https://tea.example.evil.example/", "http://tea.example/")

        refused = [check_out(return_url=address) for address in elsewhere]
        order = check_out().json()["data"]
        later = [guest.get(f"{url}/orders/{order['order_token']}", {"return_url": address}) for address in elsewhere]
        forged = [way_back("acme", uuid4(), f"{address}:signed") for address in elsewhere]

        assert [list(answer.json()["errors"]) for answer in [*refused, *later]] == [["return_url"]] * 6
        assert (order["number"], forged) == ("SO-000001", [""] * 3)  # nothing was ordered before


class TestAShop:
    def test_is_found_only_while_it_is_open(self, guest, url, tenant_id):
        assert guest.get(url).status_code == 200
        with tenant(tenant_id):
            open_shop(is_open=False)

        for address_of_it in (url, "/api/v1/carts/nobody"):
            assert guest.get(address_of_it).json()["code"] == "shop_not_found"

    def test_is_opened_and_closed_by_who_may(self, api_client, tenant_id):
        client, url = api_client("manager"), "/api/v1/shop-settings"
        assert client.get(url).json()["data"]["is_open"] is False

        opened = client.put(url, {"is_open": True, "currency": "GBP"}, JSON)

        assert opened.json()["data"]["is_open"] is True
        assert api_client("clerk").put(url, {"is_open": False, "currency": "GBP"}, JSON).status_code == 403
        with tenant(tenant_id):
            assert queries.shop().is_open
        for wrong in ("https://shop.example/path", "http://shop.example", "shop.example", "https://a@b.example"):
            answer = client.put(url, {"is_open": True, "currency": "GBP", "return_origins": [wrong]}, JSON)
            assert (answer.status_code, list(answer.json()["errors"])) == (422, ["return_origins"])

    def test_has_a_page_for_its_settings(self, browser, tenant_id):
        client, form = browser("manager"), {"currency": "GBP", "version": 0}

        assert "nobody finds it" in client.get("/shop-settings/").content.decode()
        kept = {**form, "is_open": "on", "return_origins": "https://shop.example\nhttp://localhost:3000"}
        assert client.post("/shop-settings/", kept).status_code == 302
        assert client.post("/shop-settings/", form).status_code == 422
        html = client.get("/shop-settings/").content.decode()
        assert "https://shop.example\nhttp://localhost:3000" in html
        assert f"/shop/{ensure_tenant(tenant_id).slug}/" in html
