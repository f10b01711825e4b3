"""What it costs to send goods: said, charged, taxed, given back."""

from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.business.catalog.tests.factories import ProductFactory
from apps.business.inventory.events import StockChanged
from apps.business.inventory.tests.factories import StockLevelFactory
from apps.business.invoicing import commands as invoicing
from apps.business.orders import commands, queries
from apps.business.orders.commands import NewLine
from apps.business.orders.errors import InvalidOrder, InvalidShippingMethod, ShippingMethodExists
from apps.business.orders.forms import ShippingMethodForm, prices_text
from apps.business.orders.models import ShippingPrice
from apps.business.orders.tests.factories import ADA, CustomerFactory, add_address, line, place, way
from apps.core.errors import PreconditionFailed
from apps.core.tenancy import tenant

pytestmark = pytest.mark.django_db
JSON = "application/json"
in_tenant = pytest.mark.usefixtures("in_tenant")


@pytest.fixture
def level(in_tenant):
    return StockLevelFactory(product=ProductFactory(unit_price_e4=10_0000))


RATES = {"AT": 0, "DE": 1900, "FR": 2000, "CH": 770}


@pytest.fixture
def rated(in_tenant):
    for country, rate_e4 in RATES.items():
        commands.add_tax_rate(
            country=country, tax_class="standard", rate_e4=rate_e4, valid_from=date(2020, 1, 1), actor=ADA
        )


def tax(rate_e4, *, gross, tax_class="standard"):
    commands.add_tax_rate(country="", tax_class=tax_class, rate_e4=rate_e4, valid_from=date(2020, 1, 1), actor=ADA)
    commands.set_prices_include_tax(prices_include_tax=gross, actor=ADA)


def take_back(order, quantity, level):
    goods = next(one for one in queries.lines_of(order.id) if one.product_id == level.product_id)
    back = commands.ReturnedLine(line_id=goods.id, quantity=quantity)
    return commands.return_order_lines(
        order_id=order.id, lines=[back], reason="did not fit", actor=ADA, now=timezone.now()
    )


class TestTheCharge:
    def test_is_a_line_of_its_own_and_part_of_the_total(self, level, published):
        order = place(line(level.product_id, 2), shipping_method_id=way().id)

        goods, charge = queries.lines_of(order.id)
        assert (goods.kind, charge.kind, charge.description, charge.ordinal) == ("product", "shipping", "Parcel", 2)
        assert (order.total_minor, order.shipping_minor) == (2000 + 495, 495)
        assert queries.order_as_of(order.id).state.shipping_minor == 495
        assert [event.shipping_minor for event in published.beside(StockChanged)] == [495]

    @pytest.mark.parametrize(("quantity", "discount", "charged"), [(4, 0, 495), (5, 0, 0), (5, 1, 495)])
    def test_is_nothing_from_a_worth_on_after_discounts(self, level, quantity, discount, charged):
        method = way(free_from_minor=5000)

        order = place(line(level.product_id, quantity), shipping_method_id=method.id, discount_minor=discount)

        assert order.shipping_minor == charged
        assert order.total_minor == quantity * 1000 - discount + charged

    @pytest.mark.parametrize(
        ("gross", "tax_class", "total", "taxed"),
        [
            (False, "standard", 1000 + 200 + 495 + 99, 200 + 99),
            (True, "standard", 1000 + 495, 167 + 82),
            (False, "zero", 1000 + 200 + 495, 200),
        ],
    )
    def test_is_taxed_by_its_own_class_net_or_gross(self, level, gross, tax_class, total, taxed):
        tax(2000, gross=gross)

        order = place(line(level.product_id), shipping_method_id=way(tax_class=tax_class).id)

        assert (order.total_minor, order.tax_minor) == (total, taxed)

    def test_is_refused_where_the_way_does_not_go_or_has_no_price(self, level):
        ours, gone = way(countries=("GB",)), way(name="Gone")
        commands.delete_shipping_method(method_id=gone.id, actor=ADA, now=timezone.now())

        for wish in ({"country": "DE", "shipping_method_id": ours.id}, {"shipping_method_id": gone.id}):
            with pytest.raises(InvalidOrder) as refused:
                place(line(level.product_id), **wish)
            assert list(refused.value.errors) == ["shipping_method_id"]
        assert place(line(level.product_id), country="GB", shipping_method_id=ours.id).shipping_minor == 495

    def test_cannot_be_written_by_hand(self, level):
        by_hand = NewLine(kind="shipping", description="Mine", unit_price=Decimal("0.01"))

        with pytest.raises(InvalidOrder) as refused:
            place(line(level.product_id), by_hand)

        assert list(refused.value.errors) == ["lines.1.kind"]

    def test_stands_on_the_invoice(self, level):
        order = place(line(level.product_id), shipping_method_id=way().id)

        invoice = invoicing.invoice_order(order_id=order.id, actor=ADA, now=timezone.now())

        assert invoice.total_minor == 1495
        assert [one.kind for one in invoice.lines.all()] == ["product", "shipping"]


class TestGivingItBack:
    def test_goes_back_with_the_last_of_the_goods_and_only_once(self, level):
        order = place(line(level.product_id, 3), shipping_method_id=way().id)

        first, last = take_back(order, 1, level), take_back(order, 2, level)

        assert (first.total_minor, last.total_minor) == (1000, 2000 + 495)
        assert [one.kind for one in last.lines.all()] == ["product", "shipping"]
        assert queries.order(order.id).status == "returned"

    def test_is_not_given_back_twice(self, level):
        order = place(line(level.product_id, 2), shipping_method_id=way().id)
        charge = queries.lines_of(order.id)[1]
        kindness = commands.ReturnedLine(line_id=charge.id, quantity=1)
        commands.return_order_lines(order_id=order.id, lines=[kindness], reason="late", actor=ADA, now=timezone.now())

        assert take_back(order, 2, level).total_minor == 2000

    @settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        pieces=st.integers(1, 4),
        price=st.integers(0, 9999),
        charge=st.integers(0, 999),
        country=st.sampled_from(sorted(RATES)),
        gross=st.booleans(),
        off=st.integers(0, 500),
    )
    def test_is_what_was_paid_to_the_minor_unit(self, rated, pieces, price, charge, country, gross, off):
        commands.set_prices_include_tax(prices_include_tax=gross, actor=ADA)
        level = StockLevelFactory(product=ProductFactory(unit_price_e4=price * 100))
        method = way(name=uuid4().hex, price_minor=charge)
        order = place(line(level.product_id, pieces), country=country, shipping_method_id=method.id, discount_minor=off)

        back = [take_back(order, 1, level).total_minor for _ in range(pieces)]

        assert sum(back) == order.total_minor
        assert order.shipping_minor == charge


@in_tenant
class TestSayingIt:
    @pytest.mark.parametrize(
        ("field", "changes"),
        [
            ("name", {"name": " "}),
            ("countries", {"countries": ("UK",)}),
            ("prices", {"prices": {}}),
            ("prices", {"prices": {"XXX": ShippingPrice(1)}}),
            ("prices", {"prices": {"GBP": ShippingPrice(-1)}}),
            ("tax_class", {"tax_class": "luxury"}),
        ],
    )
    def test_refuses_what_breaks_a_rule(self, field, changes):
        with pytest.raises(InvalidShippingMethod) as refused:
            way(**changes)

        assert list(refused.value.errors) == [field]

    def test_refuses_a_name_twice_until_the_first_is_gone_and_changes_once(self, other_tenant_id):
        first = way()
        with pytest.raises(ShippingMethodExists):
            way()
        changed = [
            commands.update_shipping_method(method_id=first.id, changes={"name": "Post"}, actor=ADA).version
            for _ in range(2)
        ]
        assert changed == [2, 2]
        with pytest.raises(PreconditionFailed):
            commands.update_shipping_method(method_id=first.id, changes={}, expected_version=1, actor=ADA)
        with tenant(other_tenant_id):
            assert list(queries.shipping_methods()) == []

    def test_reads_in_a_form_what_it_writes_there(self):
        typed = {
            "name": "Post",
            "prices": "GBP 4.95 free from 50.00\nJPY 500",
            "countries": "gb, ie",
            "tax_class": "zero",
        }
        form = ShippingMethodForm(typed)

        assert form.is_valid()
        said = {name: form.cleaned_data[name] for name in ("name", "prices", "countries", "tax_class")}
        kept = commands.add_shipping_method(method=commands.NewShippingMethod(**said), actor=ADA)
        assert kept.prices["GBP"] == {"price_minor": 495, "free_from_minor": 5000}
        assert (prices_text(kept.prices), kept.countries) == (typed["prices"], ["GB", "IE"])

    @pytest.mark.parametrize("prices", ["GBP", "GBP x", "GBP 1.234", "GBP 1 free 3", "GBP NaN", "GBP -1"])
    def test_says_what_it_does_not_understand(self, prices):
        form = ShippingMethodForm({"name": "Post", "prices": prices, "tax_class": "zero"})

        assert list(form.errors) == ["prices"]


class TestTheApi:
    def test_adds_changes_and_deletes(self, api_client):
        client, url = api_client("manager"), "/api/v1/shipping-methods"
        wish = {"name": "Post", "prices": {"GBP": {"price_minor": 300}}, "countries": ["GB"]}

        added = client.post(url, wish)

        assert (added.status_code, added.json()["data"]["prices"]["GBP"]["free_from_minor"]) == (201, None)
        one = added["Location"]
        assert client.patch(one, {"prices": {"EUR": {"price_minor": 400}}}, JSON).json()["data"]["version"] == 2
        assert [row["name"] for row in client.get(url).json()["data"]] == ["Post"]
        assert client.delete(one).status_code == 204
        assert client.get(one).json()["data"]["deleted_at"]


class TestTheConsole:
    def test_says_how_goods_are_sent(self, browser, tenant_id):
        client, form = browser("manager"), {"name": "Post", "prices": "GBP 4.95", "tax_class": "standard"}

        assert client.post("/orders/shipping/new", form).status_code == 302
        assert client.post("/orders/shipping/new", form).status_code == 422
        with tenant(tenant_id):
            method = queries.shipping_methods().get()
        one = f"/orders/shipping/{method.id}/"
        assert "GBP 4.95" in client.get("/orders/shipping/").content.decode()
        assert "GBP 4.95" in client.get(one).content.decode()
        assert client.post(one, {**form, "prices": "GBP 5", "version": 1}).status_code == 302
        assert client.post(f"{one}deletion").status_code == 302
        assert "No shipping methods yet" in client.get("/orders/shipping/").content.decode()

    def test_is_chosen_for_a_new_order(self, browser, tenant_id):
        with tenant(tenant_id):
            level, method = StockLevelFactory(), way(countries=("GB",))
            customer = CustomerFactory()
            add_address(customer)
        draft = {
            "customer_id": customer.id,
            "product_id": level.product_id,
            "quantity": 2,
            "shipping_method_id": method.id,
            "idempotency_key": "k",
        }

        shown = browser("clerk").post("/orders/new", {**draft, "action": "refresh"}).content.decode()
        browser("clerk").post("/orders/new", {**draft, "action": "place"})

        assert "Parcel, £4.95" in shown
        with tenant(tenant_id):
            order = queries.order_by_idempotency_key("k")
            assert (order.shipping_minor, order.ships_to.city) == (495, "Leeds")
