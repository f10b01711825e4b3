import pytest

from apps.business.catalog.errors import ProductNotFound
from apps.business.catalog.tests.factories import ProductFactory
from apps.business.facade import business
from apps.business.facade.contracts import ProductInfo
from apps.business.orders.tests.factories import CustomerFactory, place
from apps.core.history.changes import ChangeFilter
from apps.core.tenancy import tenant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_tenant")]


class TestBusinessFacade:
    def test_hands_out_values(self, drain):
        product, order = ProductFactory(), place()
        drain()

        info = ProductInfo(product.id, product.sku, product.name, 25_500, "GBP", False)
        assert business.product(product.id) == info
        assert business.products([product.id]) == {product.id: info}
        assert business.orders([order.id])[order.id].number == order.number

    def test_says_what_things_are_called(self):
        product, customer, order = ProductFactory(), CustomerFactory(), place()

        assert business.product_names([product.id]) == {product.id: product.name}
        assert business.customer_names([customer.id]) == {customer.id: customer.name}
        assert business.order_names([order.id, product.id]) == {order.id: order.number}

    def test_finds_nothing_of_another_tenant(self, other_tenant_id):
        product = ProductFactory()

        with tenant(other_tenant_id):
            assert business.products([product.id]) == {}
            with pytest.raises(ProductNotFound):
                business.product(product.id)

    def test_tells_who_changed_what_across_features_newest_first(self, other_tenant_id):
        product, customer, order = ProductFactory(), CustomerFactory(), place()

        found = business.changes(ChangeFilter(), limit=3)

        assert (found[0].entity, found[0].entity_id) == ("Order", order.id)
        of_two = business.changes(ChangeFilter(entity_ids=(product.id, customer.id)), limit=9)
        assert [change.entity for change in of_two] == ["Customer", "Product"]
        with tenant(other_tenant_id):
            assert business.changes(ChangeFilter(), limit=3) == []
