from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.business.catalog import commands, queries
from apps.business.catalog.errors import InvalidPrice, PriceNotFound, PriceOver, PriceOverlaps, ProductNotFound
from apps.business.catalog.errors import ProductDeleted as ProductIsDeleted
from apps.business.catalog.events import ProductPriced, ProductPriceEnded
from apps.business.catalog.models import ProductPrice
from apps.business.catalog.tests.factories import ProductFactory
from apps.core.history import SYSTEM
from apps.core.tenancy import tenant

pytestmark = pytest.mark.django_db
NOW = timezone.now()
DAY = timedelta(days=1)


@pytest.fixture
def product(in_tenant):
    return ProductFactory(unit_price_e4=20_000, currency="GBP")


def priced(product, price, **options):
    options = {"currency": "EUR", "now": NOW, "actor": SYSTEM, **options}
    return commands.set_price(product_id=product.id, price=Decimal(price), **options)


def costs(product, *, at=NOW, currency="EUR"):
    return queries.price_at([product.id], currency, at).get(product.id)


class TestPriceAt:
    def test_is_the_products_own_where_no_other_was_set(self, product):
        assert costs(product, currency="GBP") == 20_000

    def test_is_unknown_in_a_currency_that_it_is_not_sold_in(self, product):
        assert costs(product, currency="EUR") is None

    def test_prefers_what_was_set_for_that_moment(self, product):
        priced(product, "1.50", currency="GBP", valid_from=NOW + DAY, valid_to=NOW + 2 * DAY)

        moments = [NOW, NOW + DAY, NOW + 2 * DAY - timedelta(microseconds=1), NOW + 2 * DAY]
        assert [costs(product, at=at, currency="GBP") for at in moments] == [20_000, 15_000, 15_000, 20_000]

    def test_costs_two_statements_however_many(self, product, django_assert_num_queries):
        others = [ProductFactory(currency="GBP") for _ in range(5)]

        with django_assert_num_queries(2, using="business"):
            found = queries.price_at([product.id, *(other.id for other in others)], "GBP", NOW)
        assert len(found) == 6

    def test_does_not_see_the_prices_of_another_tenant(self, product, other_tenant_id):
        priced(product, "1.50")

        with tenant(other_tenant_id):
            assert queries.price_at([product.id], "EUR", NOW) == {}


class TestSetPrice:
    def test_keeps_and_announces_it(self, product, published):
        price = priced(product, "1.2345")

        assert costs(product) == 12_345
        assert published == [
            ProductPriced(
                product_id=product.id, price_id=price.id, currency="EUR", price_e4=12_345, valid_from=NOW, valid_to=None
            )
        ]

    def test_ends_the_price_before_it_where_that_had_no_end(self, product, published):
        first = priced(product, "1")

        priced(product, "2", valid_from=NOW + DAY)

        assert [costs(product, at=at) for at in (NOW, NOW + DAY)] == [10_000, 20_000]
        assert (
            ProductPriceEnded(product_id=product.id, price_id=first.id, currency="EUR", valid_to=NOW + DAY) in published
        )

    def test_changes_nothing_where_it_costs_that_much_already(self, product, published):
        first = priced(product, "1")

        assert priced(product, "1", now=NOW + DAY).id == first.id
        assert len(published) == 1

    def test_refuses_to_overlap_another(self, product, published):
        priced(product, "1", valid_from=NOW + DAY, valid_to=NOW + 3 * DAY)

        with pytest.raises(PriceOverlaps, match=r"it costs €1\.00 from .+ until .+: end that price first"):
            priced(product, "2", valid_from=NOW + 2 * DAY, valid_to=NOW + 4 * DAY)
        with pytest.raises(PriceOverlaps):
            priced(product, "2")
        assert len(published) == 1

    def test_may_follow_another_without_a_gap(self, product):
        priced(product, "1", valid_to=NOW + DAY)

        priced(product, "2", valid_from=NOW + DAY)

        assert costs(product, at=NOW + DAY) == 20_000

    @pytest.mark.parametrize(
        ("options", "field"),
        [
            ({"currency": "XXX"}, "currency"),
            ({"price": "-1"}, "price"),
            ({"price": "0.00001"}, "price"),
            ({"valid_from": NOW - DAY}, "valid_from"),
            ({"valid_to": NOW}, "valid_to"),
        ],
    )
    def test_refuses_what_makes_no_sense(self, product, options, field):
        with pytest.raises(InvalidPrice) as refusal:
            priced(product, **{"price": "1", **options})
        assert set(refusal.value.errors) == {field}

    def test_refuses_a_deleted_product(self, product):
        commands.delete_product(product_id=product.id, actor=SYSTEM, now=NOW)

        with pytest.raises(ProductIsDeleted):
            priced(product, "1")

    def test_does_not_find_a_product_of_another_tenant(self, product, other_tenant_id):
        with tenant(other_tenant_id), pytest.raises(ProductNotFound):
            priced(product, "1")


class TestTheDatabase:
    def test_refuses_overlapping_prices_itself(self, product):
        """Whoever passes the commands by, or is as fast as another."""
        facts = {"product": product, "currency": "EUR", "price_e4": 1, "valid_from": NOW}
        ProductPrice(**facts, valid_to=NOW + DAY).save()

        with pytest.raises(IntegrityError, match="catalog_price_no_overlap"), transaction.atomic(using="business"):
            ProductPrice(**facts, valid_to=NOW + 2 * DAY).save()

    def test_lets_each_tenant_price_as_it_likes(self, product, other_tenant_id):
        priced(product, "1")

        with tenant(other_tenant_id):
            priced(ProductFactory(), "1")


class TestEndPrice:
    def end(self, product, price, *, now=NOW + DAY):
        commands.end_price(product_id=product.id, price_id=price.id, actor=SYSTEM, now=now)

    def test_ends_one_that_holds(self, product):
        self.end(product, priced(product, "1"))

        assert [costs(product, at=at) for at in (NOW, NOW + DAY)] == [10_000, None]

    def test_takes_back_one_that_has_not_begun(self, product, published):
        price = priced(product, "1", valid_from=NOW + 2 * DAY)

        self.end(product, price)

        assert not queries.all_prices_of(product.id).exists()
        assert published[-1] == ProductPriceEnded(product_id=product.id, price_id=price.id, currency="EUR")

    def test_leaves_one_that_is_over(self, product):
        price = priced(product, "1", valid_to=NOW + DAY)

        with pytest.raises(PriceOver):
            self.end(product, price)

    def test_finds_no_price_of_another_product(self, product):
        with pytest.raises(PriceNotFound):
            self.end(ProductFactory(), priced(product, "1"))
