"""What the database holds by itself, whatever the code forgets: each of these is red without its constraint."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from apps.business.constraints import violated_constraint
from apps.business.inventory.models import StockLevel, StockMovement
from apps.business.inventory.tests.factories import StockLevelFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_tenant")]


def refused(write):
    """Which constraint refuses it, or "" where nothing does."""
    try:
        with transaction.atomic(using="business"):
            write()
    except IntegrityError as violation:
        return violated_constraint(violation)
    return ""


class TestStockLevel:
    @pytest.mark.parametrize(
        ("values", "constraint"),
        [
            ({"on_hand": -1}, "inventory_never_below_zero"),
            ({"reserved": 11}, "inventory_never_oversold"),
            ({"reserved": -1}, "inventory_never_oversold"),
        ],
    )
    def test_is_never_below_zero_nor_promised_twice(self, values, constraint):
        level = StockLevelFactory(on_hand=10)

        assert refused(lambda: StockLevel.objects.filter(id=level.id).update(**values)) == constraint

    def test_is_there_once_for_a_product_and_warehouse(self):
        level = StockLevelFactory()
        again = StockLevel(product_id=level.product_id, warehouse_id=StockLevel.objects.get(id=level.id).warehouse_id)

        assert refused(lambda: StockLevel.objects.bulk_create([again])) == "inventory_one_level_per_warehouse"


class TestStockMovement:
    def test_moves_something(self):
        level = StockLevel.objects.get(id=StockLevelFactory().id)
        still = StockMovement(
            product_id=level.product_id, warehouse_id=level.warehouse_id, kind="receipt", quantity=0, balance=10,
            occurred_at=level.created_at,
        )  # fmt: skip

        assert refused(lambda: still.save(force_insert=True)) == "inventory_movement_moves"
