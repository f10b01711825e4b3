from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from apps.business.search_keys import KEY_LENGTH, search_key
from apps.core.crypto.fields import BlindIndexField, SealedTextField
from apps.core.db.models import TenantScoped
from apps.core.history.tracking import tracked


@tracked(exclude=("email_mark",))
class Customer(TenantScoped):
    """Somebody who buys. `code` is what the tenant calls them in its own papers.

    The name lies here in plain: lists are searched and sorted by it, and papers show it (ADR 36).
    """

    personal_columns: ClassVar = dict.fromkeys(("name", "name_key", "email", "email_mark"), "id")

    code = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    name_key = models.CharField(max_length=KEY_LENGTH, db_collation="C", editable=False)
    email = SealedTextField(of="id", blank=True, default="")
    email_mark = BlindIndexField(over="email")
    country = models.CharField(max_length=100, blank=True, default="")
    erased_at = models.DateTimeField(null=True, editable=False, help_text="Since then nothing personal is left.")

    class Meta(TenantScoped.Meta):
        constraints = [models.UniqueConstraint(name="orders_customer_code", fields=["tenant_id", "code"])]
        indexes = [
            models.Index(name="orders_customer_by_name", fields=["tenant_id", "name_key", "id"]),
            models.Index(
                name="orders_customer_by_email", fields=["tenant_id", "email_mark"], condition=~Q(email_mark="")
            ),
        ]

    def call(self, name: str) -> None:
        """Set the name, and the key it is found by."""
        self.name, self.name_key = name, search_key(name)

    @property
    def is_erased(self) -> bool:
        return self.erased_at is not None
