"""What the business service is made of."""

from __future__ import annotations

NAME = "business"
DATABASE = "business"
FEATURES = ("catalog", "inventory", "payments", "orders")
TOPICS = ("business.catalog", "business.inventory", "business.payments", "business.orders")
