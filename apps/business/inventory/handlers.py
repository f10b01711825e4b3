"""Keeps the stock's read models up to date. Nothing else writes them; an event takes effect once."""

from __future__ import annotations

from apps.business.inventory import projections
from apps.business.inventory.events import StockChanged
from apps.business.inventory.models import StockDay, StockSummary
from apps.core.events import handles, handles_many
from apps.core.projections import Table, projection

STOCK = "business.stock"


@handles(StockChanged, group=STOCK)
def follow(event: StockChanged) -> None:
    """What lies where, and what moved on which day."""
    projections.follow(event)


handles_many(projections.follow_many, group=STOCK)

STOCK_PROJECTION = projection(
    "stock",
    group=STOCK,
    tables=[
        Table(StockSummary, key=("product_id", "warehouse_id"), ignored=("id",)),
        Table(StockDay, key=("product_id", "warehouse_id", "day"), ignored=("id",)),
    ],
)
