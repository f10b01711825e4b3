from decimal import Decimal
from uuid import uuid4

import pytest
from django.utils import timezone

from apps.business.catalog import commands, queries
from apps.business.catalog.errors import InvalidProduct, ProductNotFound, SkuTaken
from apps.business.catalog.errors import ProductDeleted as ProductIsDeleted
from apps.business.catalog.events import ProductCreated, ProductDeleted, ProductRestored, ProductUpdated
from apps.business.catalog.models import Product
from apps.business.catalog.tests.factories import ProductFactory
from apps.core.errors import PreconditionFailed
from apps.core.history import Actor
from apps.core.tenancy import tenant

pytestmark = pytest.mark.django_db
ADA = Actor(kind="user", id=uuid4(), name="Ada")


def tea_pot(**changes):
    content = {"sku": "TP1", "name": "Tea pot", "unit_price": Decimal("2.5550"), "currency": "GBP", **changes}
    return commands.NewProduct(**content)


def create(**changes):
    return commands.create_product(product=tea_pot(**changes), actor=ADA, now=timezone.now())


def update(product, **changes):
    version = changes.pop("expected_version", None)
    return commands.update_product(
        product_id=product.id, changes=changes, expected_version=version, actor=ADA, now=timezone.now()
    )


def delete(product, **rest):
    return commands.delete_product(product_id=product.id, actor=ADA, now=timezone.now(), **rest)


def restore(product):
    return commands.restore_product(product_id=product.id, actor=ADA, now=timezone.now())


@pytest.mark.usefixtures("in_tenant")
class TestCreateProduct:
    def test_keeps_and_announces_it(self, published):
        product = create()

        kept = queries.product(product.id)
        assert (kept.sku, kept.unit_price, kept.created_by) == ("TP1", Decimal("2.5550"), ADA.id)
        assert published == [
            ProductCreated(product_id=product.id, sku="TP1", name="Tea pot", unit_price_e4=25_550, currency="GBP")
        ]

    def test_refuses_a_stock_code_that_is_taken(self, published):
        create()

        with pytest.raises(SkuTaken):
            create(name="Another")
        assert len(published) == 1

    def test_tells_stock_codes_apart_by_their_case(self):
        assert create(sku="15056bl").id != create(sku="15056BL").id

    def test_frees_the_stock_code_of_a_deleted_product(self):
        delete(create())

        assert create().sku == "TP1"

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("sku", " "),
            ("sku", "x" * 65),
            ("name", ""),
            ("currency", "XXX"),
            ("unit_price", Decimal("-0.01")),
            ("unit_price", Decimal("0.00001")),
            ("unit_price", Decimal("NaN")),
            ("reorder_level", -1),
        ],
    )
    def test_refuses_what_breaks_a_rule(self, field, value):
        with pytest.raises(InvalidProduct) as refused:
            create(**{field: value})

        assert list(refused.value.errors) == [field]

    def test_creates_many_or_none(self):
        create()
        many = [tea_pot(sku="NEW"), tea_pot(sku="TP1")]

        with pytest.raises(SkuTaken):
            commands.create_products(products=many, actor=ADA, now=timezone.now())
        assert list(queries.products_by_sku(["NEW"])) == []


@pytest.mark.usefixtures("in_tenant")
class TestUpdateProduct:
    def test_changes_and_announces_it(self, published):
        product = ProductFactory()

        changed = update(product, name="Big pot", unit_price=Decimal("3"))

        assert (changed.version, queries.product(product.id).name_key) == (2, "big pot")
        assert published == [
            ProductUpdated(product_id=product.id, sku=product.sku, name="Big pot", unit_price_e4=30_000, currency="GBP")
        ]

    def test_announces_nothing_when_nothing_changes(self, published):
        product = ProductFactory()

        assert update(product, name=product.name).version == 1
        assert published == []

    def test_refuses_a_version_that_is_not_the_current_one(self):
        product = ProductFactory()
        update(product, name="Other")

        with pytest.raises(PreconditionFailed):
            update(product, name="Mine", expected_version=1)

    def test_refuses_a_deleted_product(self):
        product = ProductFactory()
        delete(product)

        with pytest.raises(ProductIsDeleted):
            update(product, name="Other")

    def test_refuses_a_stock_code_that_is_taken(self):
        product, other = ProductFactory(), ProductFactory()

        with pytest.raises(SkuTaken):
            update(product, sku=other.sku)

    def test_remembers_who_changed_what(self):
        product = ProductFactory(name="Old")

        update(product, name="New")

        change = queries.changes_of_product(product.id)[0]
        assert (change.actor_name, change.before["name"], change.after["name"]) == ("Ada", "Old", "New")

    def test_does_not_find_a_product_of_another_tenant(self, other_tenant_id):
        product = ProductFactory()

        with tenant(other_tenant_id), pytest.raises(ProductNotFound):
            update(product, name="Theirs")


@pytest.mark.usefixtures("in_tenant")
class TestDeleteAndRestoreProduct:
    def test_hides_it_and_brings_it_back_as_it_was(self, published):
        product = ProductFactory()

        delete(product)
        delete(product)
        hidden = list(queries.products())
        restore(product)
        restore(product)

        assert hidden == []
        assert queries.product(product.id).name == product.name
        assert published == [ProductDeleted(product_id=product.id), ProductRestored(product_id=product.id)]

    def test_refuses_to_restore_when_the_stock_code_was_taken_since(self):
        product = ProductFactory()
        delete(product)
        ProductFactory(sku=product.sku)

        with pytest.raises(SkuTaken):
            restore(product)

    def test_refuses_to_delete_another_version(self):
        product = ProductFactory()

        with pytest.raises(PreconditionFailed):
            delete(product, expected_version=7)

    @pytest.mark.parametrize("command", [delete, restore])
    def test_does_not_find_a_product_of_another_tenant(self, command, other_tenant_id):
        product = ProductFactory()

        with tenant(other_tenant_id), pytest.raises(ProductNotFound):
            command(product)


def test_shows_no_product_without_a_tenant(tenant_id):
    with tenant(tenant_id):
        ProductFactory()

    assert Product.objects.count() == 0
