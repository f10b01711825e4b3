from __future__ import annotations

from django.db import models
from django.db.models import Q

from apps.business.addresses import LONGEST, Address
from apps.core.crypto.fields import SealedTextField
from apps.core.db.fields import TenantForeignKey
from apps.core.db.models import SoftDeletable, TenantScoped
from apps.core.history.tracking import tracked


@tracked()
class CustomerAddress(TenantScoped, SoftDeletable):
    """Where a customer gets goods or invoices. Orders keep a copy of their own: what is changed here changes none.

    A customer who has any address has at most one for each default; the first one is both until another is said.
    """

    personal_columns = dict.fromkeys(("name", "lines", "city", "postal_code", "region", "phone"), "customer_id")

    customer = TenantForeignKey("orders.Customer", related_name="addresses", db_index=False)
    name = SealedTextField(of="customer_id", help_text="Who receives it there.")
    lines = SealedTextField(of="customer_id", help_text="Street and house, one to four lines.")
    city = SealedTextField(of="customer_id")
    country = models.CharField(max_length=LONGEST["country"], help_text="ISO 3166-1 alpha-2.")
    postal_code = SealedTextField(of="customer_id", blank=True, default="")
    region = SealedTextField(of="customer_id", blank=True, default="")
    phone = SealedTextField(of="customer_id", blank=True, default="")
    default_for_shipping = models.BooleanField(default=False)
    default_for_billing = models.BooleanField(default=False)

    class Meta(TenantScoped.Meta):
        constraints = [
            models.UniqueConstraint(
                name="orders_one_shipping_default",
                fields=["tenant_id", "customer"],
                condition=Q(default_for_shipping=True, deleted_at__isnull=True),
            ),
            models.UniqueConstraint(
                name="orders_one_billing_default",
                fields=["tenant_id", "customer"],
                condition=Q(default_for_billing=True, deleted_at__isnull=True),
            ),
        ]
        indexes = [models.Index(name="orders_address_of_customer", fields=["tenant_id", "customer", "id"])]

    @property
    def content(self) -> Address:
        return Address(**{name: getattr(self, name) for name in LONGEST})

    def say(self, content: Address) -> None:
        """Set what it says."""
        for name in LONGEST:
            setattr(self, name, getattr(content, name))
