from __future__ import annotations

from django.db import models

from apps.business.search_keys import KEY_LENGTH, search_key
from apps.core.db.models import TenantScoped
from apps.core.history.tracking import tracked


@tracked()
class Customer(TenantScoped):
    """Somebody who buys. `code` is what the tenant calls them in its own papers."""

    code = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    name_key = models.CharField(max_length=KEY_LENGTH, db_collation="C", editable=False)
    email = models.EmailField(blank=True, default="")
    country = models.CharField(max_length=100, blank=True, default="")

    class Meta(TenantScoped.Meta):
        constraints = [models.UniqueConstraint(name="orders_customer_code", fields=["tenant_id", "code"])]
        indexes = [models.Index(name="orders_customer_by_name", fields=["tenant_id", "name_key", "id"])]

    def call(self, name: str) -> None:
        """Set the name, and the key it is found by."""
        self.name, self.name_key = name, search_key(name)
