"""What the business service is made of."""

from __future__ import annotations

NAME = "business"
DATABASE = "business"
FEATURES = ("catalog", "inventory", "payments", "orders", "invoicing", "shipping", "carts")
# Carts announce nothing: what comes of one is an order.
TOPICS = tuple(f"business.{feature}" for feature in FEATURES if feature != "carts")
