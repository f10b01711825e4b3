import pytest

from apps.business import demo
from apps.business.catalog import queries as catalog
from apps.business.orders import queries
from apps.business.orders.models import Customer, Order, OrderReturn
from apps.core.tenancy import tenant

pytestmark = pytest.mark.django_db


class TestSeed:
    def test_makes_a_shop_in_the_tenants_currency_once(self, tenant_id, drain):
        for _ in range(2):
            demo.seed(tenant_id=tenant_id, slug="globex")

        with tenant(tenant_id):
            drain()
            assert Order.objects.count() == demo.ORDERS == len(queries.order_summaries())
            assert {product.currency for product in catalog.products()} == {"EUR"}
            assert Customer.objects.count() == 12
            assert OrderReturn.objects.exists()
            assert {order.status for order in Order.objects.all()} >= {"placed", "cancelled", "partly_returned"}

    def test_leaves_other_tenants_alone(self, tenant_id, other_tenant_id):
        demo.seed(tenant_id=tenant_id, slug="acme")

        with tenant(other_tenant_id):
            assert not catalog.products(state="all").exists()
