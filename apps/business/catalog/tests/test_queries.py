import pytest
from django.db import connections

from apps.business.catalog import queries
from apps.business.catalog.tests.factories import ProductFactory
from apps.business.search_keys import search_key
from apps.core.tenancy import tenant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_tenant")]


class TestProducts:
    def test_finds_by_the_beginning_of_name_or_code_whatever_the_case_and_accents(self):
        by_name, by_code = ProductFactory(name="Crème brûlée dish"), ProductFactory(sku="CREM-1", name="Spoon")
        ProductFactory(name="A crème jug")

        assert list(queries.products(q="CREM")) == [by_code, by_name]

    def test_takes_a_percent_sign_as_it_is(self):
        ProductFactory()

        assert list(queries.products(q="%")) == []

    def test_shows_deleted_ones_only_when_asked(self):
        ProductFactory(deleted_at="2026-01-01T00:00:00Z")
        active = ProductFactory()

        assert list(queries.products()) == [active]
        assert [product.is_deleted for product in queries.products(state="deleted")] == [True]
        assert len(queries.products(state="all")) == 2

    def test_shows_nothing_of_another_tenant(self, other_tenant_id):
        ProductFactory()

        with tenant(other_tenant_id):
            assert list(queries.products(state="all")) == []

    def test_costs_one_statement_however_many(self, django_assert_num_queries):
        for _ in range(5):
            ProductFactory()

        with django_assert_num_queries(1, using="business"):
            assert len(list(queries.products(q="tea"))) == 5

    def test_compares_only_with_what_is_leak_proof(self):
        """Anything else runs behind the policy, on every row of the tenant, instead of in the index."""
        with connections["business"].cursor() as cursor:
            cursor.execute("select bool_and(proleakproof) from pg_proc where proname in ('text_ge', 'text_lt')")
            (leak_proof,) = cursor.fetchone()

        sql = str(queries.products(q="tea").query)

        assert leak_proof
        assert '"name_key" >= tea' in sql
        assert "LIKE" not in sql


@pytest.mark.parametrize(
    ("text", "key"),
    [("  Tea   Pot ", "tea pot"), ("Crème BRÛLÉE", "creme brulee"), ("STRASSE", "strasse"), ("ß", "ss")],
)
def test_search_keys_are_normalised(text, key):
    assert search_key(text) == key
