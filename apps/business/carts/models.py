"""A company's shop, and what its visitors put into their carts.

A cart is a wish and no record: it has no history, and goes when nobody came back to it. What comes of it is an order.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q

from apps.business.rows import TenantPart
from apps.core.db.fields import TenantForeignKey
from apps.core.db.models import TenantScoped
from apps.core.history.tracking import tracked

MOST_PIECES = 9_999


@tracked()
class Shop(TenantScoped):
    """How a company sells to whoever comes by. Without a row, or while it is not open, nobody finds it."""

    is_open = models.BooleanField(default=False)
    title = models.CharField(max_length=100, blank=True, default="", help_text="Left out: the company's name.")
    currency = models.CharField(max_length=3, help_text="ISO 4217: what its prices are named in.")
    sells_on_account = models.BooleanField(default=False, help_text="Whether buyers may pay by invoice, afterwards.")

    return_origins: Any = models.JSONField(
        default=list,
        db_default=[],
        blank=True,
        help_text="Where buyers may come back to after paying.",
    )

    class Meta(TenantScoped.Meta):
        constraints = [models.UniqueConstraint(name="carts_one_shop", fields=["tenant_id"])]


class Cart(TenantPart):
    """What somebody wants to buy: a person who is signed in, or nobody yet, known by a token of which a hash is kept.

    A person has one open cart. `ordered`: it became the order `order_id`. `merged`: its lines are in the person's own.
    """

    class Status(models.TextChoices):
        OPEN = "open"
        ORDERED = "ordered"
        MERGED = "merged"

    user_id = models.UUIDField(null=True, help_text="Of the iam database; null: whoever holds the token.")
    token_hash = models.CharField(max_length=64, blank=True, default="", help_text="SHA-256; empty: a person's.")
    status = models.CharField(max_length=16, choices=Status, default=Status.OPEN)
    currency = models.CharField(max_length=3, help_text="That of the prices that were seen.")
    order_id = models.UUIDField(null=True)
    created_at = models.DateTimeField()
    touched_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="carts_one_of_a_person", fields=["tenant_id", "user_id"], condition=Q(status="open")
            ),
            models.UniqueConstraint(
                name="carts_one_of_a_token", fields=["tenant_id", "token_hash"], condition=~Q(token_hash="")
            ),
            models.CheckConstraint(
                name="carts_of_somebody",
                condition=Q(user_id__isnull=True) & ~Q(token_hash="") | Q(user_id__isnull=False, token_hash=""),
            ),
            models.CheckConstraint(
                name="carts_ordered_has_order", condition=Q(status="ordered") ^ Q(order_id__isnull=True)
            ),
        ]
        indexes = [models.Index(name="carts_by_age", fields=["tenant_id", "touched_at"])]

    @property
    def is_open(self) -> bool:
        return self.status == self.Status.OPEN


class CartLine(TenantPart):
    """How many of a product, and what one cost when it was put in, or when its price was looked at last."""

    cart = TenantForeignKey(Cart, related_name="lines", db_index=False)
    product = TenantForeignKey("catalog.Product", related_name="+", db_index=False)
    quantity = models.PositiveIntegerField()
    seen_price_e4 = models.BigIntegerField(help_text="In 1/10,000 of the cart's currency.")

    class Meta:
        constraints = [
            models.UniqueConstraint(name="carts_product_once", fields=["tenant_id", "cart", "product"]),
            models.CheckConstraint(name="carts_some_pieces", condition=Q(quantity__gte=1, quantity__lte=MOST_PIECES)),
        ]


class Shopper(TenantPart):
    """Which customer a person who signs in buys as. Made with the first order."""

    application_grants = ("SELECT", "INSERT")

    user_id = models.UUIDField()
    customer_id = models.UUIDField()

    class Meta:
        constraints = [models.UniqueConstraint(name="carts_shopper_once", fields=["tenant_id", "user_id"])]
