from decimal import Decimal

import pytest
from django.db import IntegrityError, connections, transaction
from django.utils import timezone

from apps.business.catalog import commands, queries
from apps.business.catalog.errors import InvalidProduct, NoMaster, VariantTaken
from apps.business.catalog.events import ProductCreated, ProductDeleted
from apps.business.catalog.tests.factories import ProductFactory
from apps.core.history import SYSTEM
from apps.core.tenancy import tenant

pytestmark = pytest.mark.django_db


@pytest.fixture
def shirt(in_tenant):
    return ProductFactory(name="Shirt")


def variant(master, size, **facts):
    content = {"sku": f"{master.sku}-{size}", "name": f"Shirt {size}", "currency": "GBP", "options": {"size": size}}
    product = commands.NewProduct(**{**content, "unit_price": Decimal(9), "variant_of": master.id, **facts})
    return commands.create_product(product=product, actor=SYSTEM, now=timezone.now())


def update(product, **changes):
    return commands.update_product(product_id=product.id, changes=changes, actor=SYSTEM, now=timezone.now())


def delete(product):
    return commands.delete_product(product_id=product.id, actor=SYSTEM, now=timezone.now())


def restore(product):
    return commands.restore_product(product_id=product.id, actor=SYSTEM, now=timezone.now())


class TestVariants:
    def test_are_products_that_name_their_master_and_how_they_differ(self, shirt, published):
        small, large = variant(shirt, "S"), variant(shirt, "L", tax_class="zero")

        assert [found.id for found in queries.variants_of(shirt.id)] == [large.id, small.id]
        assert queries.product(small.id).options == {"size": "S"}
        assert published[-1] == ProductCreated(
            product_id=large.id, sku=large.sku, name=large.name, unit_price_e4=90_000, currency="GBP", tax_class="zero",
            variant_of=shirt.id,
        )  # fmt: skip

    def test_take_their_master_off_sale(self, shirt):
        plain, small = ProductFactory(), variant(shirt, "S")
        everything = [shirt.id, plain.id, small.id]

        assert queries.masters_among(everything) == {shirt.id}
        delete(small)
        assert queries.masters_among(everything) == set()

    def test_differ_from_one_another(self, shirt):
        variant(shirt, "S")

        with pytest.raises(VariantTaken):
            variant(shirt, "S", sku="another")

    @pytest.mark.parametrize(
        "options", [{}, {"size": ""}, {"size": " S"}, {"size": 3}, {"x" * 65: "S"}, {str(n): "x" for n in range(11)}]
    )
    def test_need_options_that_can_be_read(self, shirt, options):
        with pytest.raises(InvalidProduct) as refusal:
            variant(shirt, "S", options=options)
        assert set(refusal.value.errors) == {"options"}

    def test_have_no_variants_themselves(self, shirt):
        small = variant(shirt, "S")

        with pytest.raises(NoMaster):
            variant(small, "XS")
        with pytest.raises(NoMaster):
            update(ProductFactory(), variant_of=small.id, options={"size": "XS"})

    def test_only_variants_have_options(self, shirt):
        with pytest.raises(InvalidProduct):
            update(shirt, options={"size": "M"})

    def test_a_product_becomes_one_and_stops_being_one(self, shirt):
        plain = ProductFactory()

        update(plain, variant_of=shirt.id, options={"size": "M"})
        assert queries.masters_among([shirt.id]) == {shirt.id}
        update(plain, variant_of=None, options={})
        assert queries.masters_among([shirt.id]) == set()

    def test_a_master_does_not_become_one(self, shirt):
        variant(shirt, "S")

        for master_id in (shirt.id, ProductFactory().id):
            with pytest.raises(InvalidProduct):
                update(shirt, variant_of=master_id, options={"size": "M"})

    def test_belong_to_a_master_of_their_tenant(self, shirt, other_tenant_id):
        with tenant(other_tenant_id), pytest.raises(NoMaster):
            variant(shirt, "S")

    def test_belong_to_a_master_of_their_tenant_whoever_writes_them(self, shirt, other_tenant_id):
        """The database sees to it: a foreign key alone looks past row-level security."""
        with tenant(other_tenant_id), transaction.atomic(using="business"):
            ProductFactory(variant_of_id=shirt.id, options={"size": "S"})
            with pytest.raises(IntegrityError), connections["business"].cursor() as cursor:
                cursor.execute("set constraints all immediate")
            transaction.set_rollback(True, using="business")


class TestDeletion:
    def test_takes_variants_along_and_brings_them_back(self, shirt, published):
        small, gone_before = variant(shirt, "S"), variant(shirt, "M")
        delete(gone_before)

        delete(shirt)

        assert not queries.products().exists()
        assert published[-2:] == [ProductDeleted(product_id=shirt.id), ProductDeleted(product_id=small.id)]
        restore(shirt)
        assert {found.id for found in queries.products()} == {shirt.id, small.id}

    def test_of_a_variant_is_undone_only_while_there_is_a_master(self, shirt):
        small = variant(shirt, "S")
        delete(shirt)

        with pytest.raises(NoMaster):
            restore(small)
