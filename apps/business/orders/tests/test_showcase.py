from __future__ import annotations

import pytest
from django.utils import timezone

from apps.business import demo, showcase
from apps.business.catalog import queries as catalog
from apps.business.inventory import queries as stock
from apps.business.orders import queries
from apps.business.orders.models import Order
from apps.business.orders.tests.test_sagas import use_simulator
from apps.business.payments import commands as payment_commands
from apps.business.payments import queries as payments
from apps.business.reconciliation.reconciling import reconcile, told
from apps.business.shipping import queries as shipping
from apps.core.tenancy import tenant

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(tenant_id, settings, tmp_path, file_folder, drain):
    """A demonstration with all that it shows, made twice."""
    use_simulator(settings, tmp_path)
    demo.seed(tenant_id=tenant_id, slug="acme", orders=16)
    for _ in range(2):
        showcase.seed(tenant_id=tenant_id, slug="acme")
    with tenant(tenant_id):
        yield


def work_on_refunds(drain):
    """As the payments' worker would."""
    drain()
    for payment in payments.payments():
        while payment_commands.work_on(payment_id=payment.id, now=timezone.now()):
            pass
    drain()


class TestShowcase:
    def test_shows_what_a_shop_can_do_once_and_all_of_it_agrees(self, shop, drain):
        work_on_refunds(drain)

        at_once = Order.objects.filter(idempotency_key__startswith="showcase-")
        pictured = [product for product in catalog.products() if catalog.media_of(product.id)]
        assert {order.idempotency_key.partition("-")[2]: order.status for order in at_once} == {
            "approved": "pending",
            "told-twice": "pending",
            "declined": "pending",
            "waits-for-goods": "pending",
            "held": "held",
        }
        assert len(catalog.variants_of(catalog.products_by_sku(["WEA-500"])["WEA-500"].id)) == 4
        assert len(catalog.category_tree()) == 3
        assert len(pictured) == 6
        assert len(stock.warehouses()) == 2
        assert {parcel.status for parcel in shipping.shipments()} == {"shipped", "delivered"}
        assert {order.payment_status for order in Order.objects.all()} >= {"paid", "unpaid"}
        assert not queries.review_limits()
        found = reconcile(before=timezone.now())
        assert found.holds, told(found)

    def test_needs_a_shop(self, tenant_id):
        showcase.seed(tenant_id=tenant_id, slug="acme")

        with tenant(tenant_id):
            assert not catalog.products(state="all").exists()
