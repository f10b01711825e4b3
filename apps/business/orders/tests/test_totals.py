"""What an order costs, to the minor unit."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.business.catalog.tests.factories import ProductFactory
from apps.business.inventory.tests.factories import StockLevelFactory
from apps.business.money import line_total_minor
from apps.business.orders import commands, queries
from apps.business.orders.errors import InvalidOrder, InvalidTaxRate, TaxRateExists
from apps.business.orders.models import LineKind
from apps.business.orders.tests.factories import ADA, line, place, postage
from apps.business.orders.totals import NO_DISCOUNT, Charge, Discount, priced, spread
from apps.core.tenancy import tenant

DISCOUNTS = st.builds(Discount, part_e4=st.integers(0, 10_000), amount_minor=st.integers(0, 5_000))
CHARGES = st.builds(
    Charge,
    quantity=st.integers(1, 50),
    unit_price_e4=st.integers(0, 10**7),
    goods=st.booleans(),
    discount=DISCOUNTS,
    rate_e4=st.sampled_from([0, 500, 700, 1900, 2000, 2550]),
)
CURRENCIES = st.sampled_from(["GBP", "JPY", "KWD"])


def cost(*charges, discount=NO_DISCOUNT, included=False):
    """Total, discount and tax of each line."""
    lines = priced(charges, currency="EUR", discount=discount, prices_include_tax=included)
    return [(one.total_minor, one.discount_minor, one.tax_minor) for one in lines]


class TestALine:
    def test_is_taxed_on_top_of_net_prices_and_within_gross_ones(self):
        charge = Charge(quantity=3, unit_price_e4=99_900, rate_e4=1900)

        assert cost(charge) == [(2997, 0, 569)]
        assert cost(charge, included=True) == [(2997, 0, 479)]

    def test_is_taxed_on_what_is_left_of_it(self):
        charge = Charge(
            quantity=2, unit_price_e4=500_000, rate_e4=2000, discount=Discount(part_e4=1000, amount_minor=500)
        )

        assert cost(charge) == [(8500, 1500, 1700)]

    @pytest.mark.parametrize(("worth_e4", "tax"), [(2_500, 2), (7_500, 8)])
    def test_rounds_half_a_minor_unit_of_tax_to_the_even_one(self, worth_e4, tax):
        assert cost(Charge(quantity=1, unit_price_e4=worth_e4, rate_e4=1000)) == [(worth_e4 // 100, 0, tax)]

    def test_never_costs_less_than_nothing_for_a_discount(self):
        assert cost(Charge(quantity=1, unit_price_e4=10_000, discount=Discount(amount_minor=999))) == [(0, 100, 0)]


class TestTheOrdersDiscount:
    def test_is_spread_over_the_goods_to_the_last_penny(self):
        goods = [Charge(quantity=1, unit_price_e4=33_300) for _ in range(3)]
        sent = Charge(quantity=1, unit_price_e4=50_000, goods=False)

        assert cost(*goods, sent, discount=Discount(amount_minor=100)) == [
            (299, 34, 0),
            (300, 33, 0),
            (300, 33, 0),
            (500, 0, 0),
        ]

    @settings(deadline=None)
    @given(amount=st.integers(0, 10**6), weights=st.lists(st.integers(0, 10**6), min_size=1, max_size=20))
    def test_is_spread_wholly_and_no_part_is_above_its_weight(self, amount, weights):
        amount = min(amount, sum(weights))

        parts = spread(amount, weights)

        assert sum(parts) == amount
        assert all(0 <= part <= weight for part, weight in zip(parts, weights, strict=True))


class TestEveryOrder:
    @settings(deadline=None)
    @given(charges=st.lists(CHARGES, min_size=1, max_size=12), discount=DISCOUNTS, currency=CURRENCIES)
    def test_costs_its_lines_and_their_taxes(self, charges, discount, currency):
        net = priced(charges, currency=currency, discount=discount, prices_include_tax=False)
        gross = priced(charges, currency=currency, discount=discount, prices_include_tax=True)
        full = [line_total_minor(one.quantity, one.unit_price_e4, currency) for one in charges]

        assert [one.total_minor + one.discount_minor for one in net] == full
        assert all(one.owed_minor == one.total_minor + one.tax_minor for one in net)
        assert all(one.owed_minor == one.total_minor for one in gross)
        assert all(one.total_minor >= 0 and one.tax_minor >= 0 for one in [*net, *gross])
        # Taking the tax out of a gross price, or adding it to a net one, is half a minor unit off at most.
        for charge, within, added in zip(charges, gross, net, strict=True):
            assert (
                abs(within.tax_minor * (10_000 + charge.rate_e4) - within.total_minor * charge.rate_e4)
                <= (10_000 + charge.rate_e4) // 2
            )
            assert abs(added.tax_minor * 10_000 - added.total_minor * charge.rate_e4) <= 5_000


@pytest.fixture
def rates(in_tenant):
    for country, tax_class, rate, since in (
        ("", "standard", 2000, date(2020, 1, 1)),
        ("DE", "standard", 1600, date(2020, 7, 1)),
        ("DE", "standard", 1900, date(2021, 1, 1)),
        ("DE", "reduced", 700, date(2021, 1, 1)),
        ("DE", "standard", 2100, date(2999, 1, 1)),
    ):
        commands.add_tax_rate(country=country, tax_class=tax_class, rate_e4=rate, valid_from=since, actor=ADA)


@pytest.mark.django_db
class TestPlacing:
    def test_adds_the_tax_of_the_country_and_the_class(self, rates):
        book = StockLevelFactory(product=ProductFactory(tax_class="reduced")).product_id
        stamp = StockLevelFactory(product=ProductFactory(tax_class="exempt")).product_id
        other = StockLevelFactory().product_id

        order = place(line(book, 3), line(stamp, 1), line(other, 2), postage("5.00"), country="DE")

        lines = queries.lines_of(order.id)
        assert [(one.total_minor, one.tax_minor) for one in lines] == [(765, 54), (255, 0), (510, 97), (500, 95)]
        assert (order.total_minor, order.tax_minor) == (765 + 255 + 510 + 500 + 246, 246)

    def test_goes_by_the_rate_for_everywhere_else(self, rates):
        assert place(country="FR").tax_minor == 153

    def test_takes_the_tax_out_of_gross_prices(self, rates):
        commands.set_prices_include_tax(prices_include_tax=True, actor=ADA)

        order = place(country="DE")

        assert (order.total_minor, order.tax_minor, order.prices_include_tax) == (765, 122, True)

    def test_adds_up_to_the_total_and_the_events_say_the_same(self, rates, published):
        product_id = StockLevelFactory().product_id
        wish = line(product_id, 3, discount_percent=Decimal("12.5"))

        order = place(wish, postage(), country="DE", discount_minor=100)

        lines, state = queries.lines_of(order.id), queries.order_as_of(order.id).state
        goods = sum(one.total_minor for one in lines if one.kind == LineKind.PRODUCT)
        shipping = sum(one.total_minor for one in lines if one.kind == LineKind.POSTAGE)
        assert goods + shipping + order.tax_minor == order.total_minor
        assert (order.discount_minor, goods) == (96 + 100, 765 - 196)
        sums = (state.total_minor, state.discount_minor, state.tax_minor, state.prices_include_tax)
        assert sums == (order.total_minor, order.discount_minor, order.tax_minor, False)

    def test_gives_back_piece_by_piece_exactly_what_was_paid(self, rates):
        order = place(line(StockLevelFactory().product_id, 3), country="DE", discount_percent=Decimal(10))
        (bought,) = queries.lines_of(order.id)
        back = [
            commands.return_order_lines(
                order_id=order.id,
                lines=[commands.ReturnedLine(line_id=bought.id, quantity=1)],
                reason="broken",
                actor=ADA,
                now=order.placed_at,
            )
            for _ in range(3)
        ]

        assert sum(one.total_minor for one in back) == order.total_minor

    def test_is_untaxed_by_the_rates_of_another_tenant(self, rates, other_tenant_id):
        with tenant(other_tenant_id):
            assert place(country="DE").tax_minor == 0

    @pytest.mark.parametrize(
        ("bad", "named"),
        [({"discount_percent": Decimal("100.01")}, "discount_percent"), ({"discount_minor": -1}, "discount_minor")],
    )
    def test_refuses_a_discount_that_is_none(self, in_tenant, bad, named):
        with pytest.raises(InvalidOrder) as refused:
            place(**bad)

        assert named in refused.value.errors


@pytest.mark.django_db
class TestARate:
    def test_is_said_once_for_a_day(self, rates):
        with pytest.raises(TaxRateExists):
            commands.add_tax_rate(country="DE", tax_class="standard", rate_e4=1, valid_from=date(2021, 1, 1), actor=ADA)

    @pytest.mark.parametrize("wrong", [{"country": "de"}, {"tax_class": "zero"}, {"rate_e4": 10_001}])
    def test_that_breaks_a_rule_is_refused(self, in_tenant, wrong):
        right = {"country": "DE", "tax_class": "standard", "rate_e4": 1900, "valid_from": date(2021, 1, 1)}

        with pytest.raises(InvalidTaxRate):
            commands.add_tax_rate(**right | wrong, actor=ADA)

    def test_is_kept_and_removed_by_api(self, api_client):
        client = api_client("manager")
        rate = {"country": "DE", "tax_class": "standard", "rate_e4": 1900, "valid_from": "2021-01-01"}

        made = client.post("/api/v1/tax-rates", rate, content_type="application/json")
        put = client.put("/api/v1/tax-settings", {"prices_include_tax": True}, content_type="application/json")
        known = client.get("/api/v1/tax-rates").json()["data"]
        gone = client.delete(f"/api/v1/tax-rates/{known[0]['id']}")

        assert (made.status_code, put.status_code, gone.status_code) == (201, 200, 204)
        assert {name: known[0][name] for name in rate} == rate
        assert client.get("/api/v1/tax-settings").json()["data"] == {"prices_include_tax": True}
        assert client.delete(f"/api/v1/tax-rates/{known[0]['id']}").status_code == 404

    def test_is_kept_and_removed_on_its_page(self, browser, in_tenant):
        client = browser("manager")
        client.post("/orders/taxes/", {"tax_class": "standard", "percent": "19", "valid_from": "2021-01-01"})
        client.post("/orders/taxes/settings", {"prices_include_tax": "yes"})

        shown = client.get("/orders/taxes/").content.decode()
        client.post(f"/orders/taxes/{queries.tax_rates().get().id}/removal")

        assert "19.00 %" in shown and "Prices are gross" in shown
        assert not queries.tax_rates().exists()
        assert client.post("/orders/taxes/", {"percent": "much"}).status_code == 422
