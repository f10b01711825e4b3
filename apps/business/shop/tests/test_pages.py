"""A shop, as somebody walks through it who has no script and no account."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from apps.business.carts import queries as carts
from apps.business.carts.tests.factories import goods, open_shop
from apps.business.carts.tests.working import go_on
from apps.business.carts.visitors import Visitor
from apps.business.catalog import commands as catalog
from apps.business.catalog import queries as products
from apps.business.inventory import queries as stock
from apps.business.orders import commands
from apps.business.orders import queries as orders
from apps.business.orders.tests.factories import ADA, address, way
from apps.business.shipping import commands as shipping
from apps.core.tenancy import tenant
from tests.callers import ensure_tenant, make_caller

pytestmark = pytest.mark.django_db
BUYER = {**address().texts, "email": "ida@vogel.test"}


@pytest.fixture
def shop(tenant_id):
    """Its path; a tea pot and a shirt in two sizes, of which one costs more; one way to send them."""
    slug = ensure_tenant(tenant_id, name="Acme").slug
    with tenant(tenant_id):
        open_shop(title="Tea and more")
        goods(name="Tea pot", price_e4=2_5000)
        shirt = goods(name="Shirt")
        goods(name="Shirt M", variant_of=shirt, options={"size": "M"}, price_e4=9_0000)
        goods(name="Shirt L", variant_of=shirt, options={"size": "L"}, price_e4=9_5000, on_hand=0)
        way()
    return f"/shop/{slug}/"


@pytest.fixture
def guest():
    return Client(headers={"accept": "text/html"})


def product_called(name, tenant_id):
    with tenant(tenant_id):
        return products.products(q=name).get()


def put_in(client, shop, product, quantity=1):
    form = {"action": "add", "product_id": product.id, "quantity": quantity}
    return client.post(f"{shop}cart", form)


def text(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def reviewed(client, shop, **changes):
    return client.post(f"{shop}checkout", {**BUYER, "action": "review", **changes})


def hidden(answer):
    fields = re.findall(r'<input type="hidden"\s+name="([^"]+)"\s+value="([^"]*)"', answer.content.decode())
    return {name: value for name, value in fields if name != "csrfmiddlewaretoken"}


@pytest.fixture
def simulator(settings, tmp_path):
    settings.PAYMENT_SIMULATOR, settings.PAYMENT_SIMULATOR_FILE = True, str(tmp_path / "simulator.sqlite3")


def sent_to_pay(guest, shop, tenant_id, drain):
    """The page of an order whose goods are set aside, and the provider's page."""
    put_in(guest, shop, product_called("Tea pot", tenant_id))
    form = {**hidden(reviewed(guest, shop)), "shipping_method_id": way_of(tenant_id), "payment": "page"}
    onward = guest.get(guest.post(f"{shop}checkout", {**form, "action": "place"})["Location"])["Refresh"]
    go_on(tenant_id, drain)
    there = guest.get(onward.partition("url=")[2])["Location"]
    return onward.partition("url=")[2].partition("payment")[0], there


def pots_left(tenant_id):
    with tenant(tenant_id):
        (count,) = stock.available([product_called("Tea pot", tenant_id).id]).values()
        return count


def way_of(tenant_id):
    with tenant(tenant_id):
        return orders.shipping_methods().get().id


class TestTheShelves:
    def test_show_what_is_sold_with_variants_on_one_page(self, guest, shop):
        said = text(guest.get(shop))

        assert ("Tea pot £2.50" in said, "Shirt from £9.00" in said, "Shirt M" in said) == (True, True, False)

    def test_offer_each_variant_with_its_price_and_stock(self, guest, shop, tenant_id):
        with tenant(tenant_id):
            shirt = products.products(q="Shirt").filter(variant_of=None).get()
            medium = products.products(q="Shirt M").get()

        said = text(guest.get(f"{shop}products/{shirt.id}/"))

        assert re.search(r"size M .*£9.00 .*size L .*Sold out .*£9.50", said)
        assert guest.get(f"{shop}products/{medium.id}/")["Location"] == f"{shop}products/{shirt.id}/"

    def test_are_searched_and_narrowed_to_a_category_and_what_is_below(self, guest, shop, tenant_id):
        pot = product_called("Tea pot", tenant_id)
        with tenant(tenant_id):
            said = {"actor": ADA, "now": timezone.now()}
            kitchen = catalog.create_category(name="Kitchen", **said)
            tea = catalog.create_category(name="Tea", parent_id=kitchen.id, **said)
            catalog.categorise(product_id=pot.id, category_ids=[tea.id], **said)

        for query, found in (
            ({"q": "tea"}, (True, False)),
            ({"category": kitchen.id}, (True, False)),
            ({"q": "shi"}, (False, True)),
            ({"category": "nonsense"}, (True, True)),
        ):
            said = text(guest.get(shop, query))
            assert ("£2.50" in said, "£9.00" in said) == found

    def test_are_found_only_while_the_shop_is_open(self, guest, shop, tenant_id):
        with tenant(tenant_id):
            open_shop(is_open=False)

        assert {guest.get(path).status_code for path in (shop, f"{shop}cart", "/shop/nobody/")} == {404}


class TestTheCart:
    def test_is_kept_by_a_cookie_that_no_script_reads(self, guest, shop, tenant_id):
        pot = product_called("Tea pot", tenant_id)

        answer = put_in(guest, shop, pot, 2)
        put_in(guest, shop, pot)

        (cookie,) = answer.cookies.values()
        assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
        assert "£7.50" in text(guest.get(f"{shop}cart"))
        guest.post(f"{shop}cart", {"action": "update", "product_id": pot.id, "quantity": 5})
        assert "£12.50" in text(guest.get(f"{shop}cart"))
        guest.post(f"{shop}cart", {"action": f"remove:{pot.id}"})
        assert "Your cart is empty" in text(guest.get(f"{shop}cart"))

    def test_says_what_is_wrong_and_loses_nothing(self, guest, shop, tenant_id):
        pot = product_called("Tea pot", tenant_id)
        put_in(guest, shop, pot, 11)

        said = text(guest.get(f"{shop}cart"))
        assert ("Only 10 can be had now" in said, "To the checkout" in said) == (True, False)
        wrong = guest.post(f"{shop}cart", {"action": "update", "product_id": pot.id, "quantity": "many"})
        assert (wrong.status_code, "whole number" in text(wrong)) == (422, True)
        with tenant(tenant_id):
            shirt = products.products(q="Shirt").filter(variant_of=None).get()
        assert put_in(guest, shop, shirt).status_code == 409

    def test_comes_along_when_somebody_signs_in(self, guest, shop, tenant_id):
        put_in(guest, shop, product_called("Tea pot", tenant_id), 2)
        caller = make_caller(tenant_id, "viewer", name="Ida Vogel")

        seen = guest.get(f"{shop}cart", headers={"authorization": f"Bearer {caller.token()}"})

        assert "£5.00" in text(seen)
        assert seen.cookies[f"cart-{shop.split('/')[2]}"].value == ""
        with tenant(tenant_id):
            assert carts.pieces_of(Visitor(user_id=caller.user_id)) == 2

    def test_of_another_company_stays_a_guests(self, shop, browser, tenant_id, other_tenant_id):
        stranger = browser("owner", tenant_id=other_tenant_id)

        put_in(stranger, shop, product_called("Tea pot", tenant_id))

        assert "£2.50" in text(stranger.get(f"{shop}cart"))


class TestTheCheckout:
    def test_leads_from_address_to_confirmation(self, guest, shop, tenant_id):
        put_in(guest, shop, product_called("Tea pot", tenant_id), 2)
        assert "Where does it go?" in text(guest.get(f"{shop}checkout"))

        review = reviewed(guest, shop)
        assert "Shipping £4.95" in text(review)
        assert "Total £9.95" in text(review)
        form = {**hidden(review), "shipping_method_id": way_of(tenant_id), "payment": "account", "action": "place"}
        placed = [guest.post(f"{shop}checkout", form) for _ in range(2)]

        assert placed[0].status_code == 302
        assert placed[0]["Location"] == placed[1]["Location"]
        done = guest.get(placed[0]["Location"])
        assert ("Order SO-000001" in text(done), "£9.95" in text(done)) == (True, True)
        assert "Your cart is empty" in text(guest.get(f"{shop}cart"))
        with tenant(tenant_id):
            assert orders.customers().get().email == "ida@vogel.test"

    def test_asks_again_for_an_address_that_is_none(self, guest, shop, tenant_id):
        put_in(guest, shop, product_called("Tea pot", tenant_id))

        for wrong in ({"city": ""}, {"email": "nowhere"}, {"country": "XX"}, {"billing-name": "Only a name"}):
            answer = reviewed(guest, shop, **wrong)
            assert (answer.status_code in (200, 422), "Where does it go?" in text(answer)) == (True, True)
            assert "1 High Street" in answer.content.decode()

    def test_sends_the_invoice_elsewhere(self, guest, shop, tenant_id):
        put_in(guest, shop, product_called("Tea pot", tenant_id))
        elsewhere = {f"billing-{name}": value for name, value in address(name="Accounts", city="York").texts.items()}
        review = reviewed(guest, shop, **elsewhere)

        form = {**hidden(review), "shipping_method_id": way_of(tenant_id), "payment": "account", "action": "place"}
        guest.post(f"{shop}checkout", form)

        with tenant(tenant_id):
            (kept,) = orders.customers().get().orders.all()
            assert (kept.bills_to.name, kept.ships_to.city) == ("Accounts", "Leeds")

    def test_does_not_place_an_order_at_another_total_than_was_seen(self, guest, shop, tenant_id):
        pot = product_called("Tea pot", tenant_id)
        put_in(guest, shop, pot)
        form = {**hidden(reviewed(guest, shop)), "shipping_method_id": way_of(tenant_id), "payment": "account"}
        put_in(guest, shop, pot)

        refused = guest.post(f"{shop}checkout", {**form, "action": "place"})

        assert refused.status_code == 409
        assert ("The total has changed" in text(refused), "Total £9.95" in text(refused)) == (True, True)

    def test_says_where_nothing_is_sent_to(self, guest, shop, tenant_id):
        with tenant(tenant_id):
            method = orders.shipping_methods().get()
            commands.update_shipping_method(method_id=method.id, changes={"countries": ("GB",)}, actor=ADA)
        put_in(guest, shop, product_called("Tea pot", tenant_id))

        said = text(reviewed(guest, shop, country="DE"))

        assert ("Nothing is sent to this country" in said, "Place order" in said) == (True, False)

    def test_pays_by_card_on_the_providers_page_and_comes_back(self, guest, shop, tenant_id, drain, simulator):
        put_in(guest, shop, product_called("Tea pot", tenant_id))
        review = reviewed(guest, shop)
        form = {**hidden(review), "shipping_method_id": way_of(tenant_id), "payment": "page", "action": "place"}

        first = guest.get(guest.post(f"{shop}checkout", form)["Location"])
        onward = first["Refresh"].partition("url=")[2]
        too_early = guest.get(onward)
        go_on(tenant_id, drain)
        there = guest.get(onward)["Location"]
        still_to_pay = text(guest.get(onward.partition("payment")[0]))
        back = guest.post(there, {"card": "pm_card_visa"})["Location"]
        seen = guest.get(back)["Location"]
        waiting = guest.get(seen)
        go_on(tenant_id, drain)

        assert "By card, on the payment provider" in text(review)
        assert ("On to the payment" in text(first), too_early["Refresh"]) == (True, first["Refresh"])
        assert there.startswith(f"/pay/{tenant_id}/")
        assert ("Pay now" in still_to_pay, "Pay now" in text(waiting), waiting["Refresh"]) == (True, False, "2")
        assert ("Thank you. Keep this address" in text(guest.get(seen)), guest.get(back)["Location"]) == (True, seen)
        assert guest.get(onward)["Location"] == onward.partition("payment")[0]

    def test_gives_the_goods_back_at_once_when_the_buyer_gives_up(self, guest, shop, tenant_id, drain, simulator):
        order, there = sent_to_pay(guest, shop, tenant_id, drain)
        before = pots_left(tenant_id)
        waiting = text(guest.get(order))

        left = guest.post(f"{order}cancellation")["Location"]
        between = guest.get(left)
        go_on(tenant_id, drain)

        assert re.search("Your goods are set aside for you until .* Cancel this order", waiting)
        assert (left, "is being given up" in text(between), between["Refresh"]) == (order, True, "2")
        assert "given up before it was paid. Nothing was taken" in text(guest.get(order))
        assert "This page is over" in text(guest.get(there))
        assert (pots_left(tenant_id) - before, guest.post(f"{order}cancellation").status_code) == (1, 302)

    def test_tells_who_comes_back_late_what_became_of_it(self, guest, shop, tenant_id, drain, simulator):
        _, there = sent_to_pay(guest, shop, tenant_id, drain)
        before = pots_left(tenant_id)

        with time_machine.travel(timezone.now() + timedelta(minutes=31), tick=False):
            go_on(tenant_id, drain)
            back = re.search(r'<a href="([^"]+)">Back without paying', guest.get(there).content.decode())
            said = text(guest.get(back.group(1)))

        assert "It was not paid in time, so its goods are free again and nothing was taken" in said
        assert ("Pay now" in said, pots_left(tenant_id) - before) == (False, 1)

    def test_takes_no_way_to_pay_that_it_did_not_offer(self, guest, shop, tenant_id):
        put_in(guest, shop, product_called("Tea pot", tenant_id))
        form = {**hidden(reviewed(guest, shop)), "shipping_method_id": way_of(tenant_id), "payment": "pm_card_visa"}

        answer = guest.post(f"{shop}checkout", {**form, "action": "place"})

        assert (answer.status_code, "Choose how to pay" in text(answer)) == (422, True)

    def test_shows_nobody_an_order_without_its_link(self, guest, shop, tenant_id):
        put_in(guest, shop, product_called("Tea pot", tenant_id))
        form = {**hidden(reviewed(guest, shop)), "shipping_method_id": way_of(tenant_id), "payment": "account"}
        link = guest.post(f"{shop}checkout", {**form, "action": "place"})["Location"]

        assert guest.get(link.replace("orders/", "orders/0")).status_code == 404

    def test_follows_the_parcel(self, guest, shop, tenant_id):
        put_in(guest, shop, product_called("Tea pot", tenant_id))
        form = {**hidden(reviewed(guest, shop)), "shipping_method_id": way_of(tenant_id), "payment": "account"}
        link = guest.post(f"{shop}checkout", {**form, "action": "place"})["Location"]
        with tenant(tenant_id):
            (order,) = orders.customers().get().orders.all()
            goods_line = orders.lines_of(order.id)[0]
            shipping.ship(
                order_id=order.id,
                lines={goods_line.id: 1},
                carrier="Post",
                tracking_number="T-1",
                actor=ADA,
                now=timezone.now(),
            )

        assert re.search(r"SO-000001-1 .*Shipped .*Post .*T-1", text(guest.get(link)))

    def test_fills_in_what_is_known_of_somebody(self, shop, browser, tenant_id):
        client, pot = browser("viewer"), product_called("Tea pot", tenant_id)
        put_in(client, shop, pot)
        form = {**hidden(reviewed(client, shop)), "shipping_method_id": way_of(tenant_id), "payment": "account"}
        client.post(f"{shop}checkout", {**form, "action": "place"})
        put_in(client, shop, pot)

        assert "1 High Street" in client.get(f"{shop}checkout").content.decode()
