"""What a shop shows: products that have a price in its currency, themselves or one of their variants."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from apps.business.catalog.models import Product
from apps.business.catalog.queries.categories import products_in
from apps.business.catalog.queries.prices import product_ids_priced
from apps.business.search_keys import begins_with


def showcase(*, currency: str, at: datetime, q: str = "", category_id: UUID | None = None) -> Any:
    """By name. `q` begins the name or is the stock code; a category counts with all below it. Variants stand on the
    page of what they are variants of.
    """
    products = Product.objects.in_tenant()
    sold = products.filter(Q(currency=currency) | Q(id__in=product_ids_priced(currency, at)))
    shown = products.filter(Q(id__in=sold.values("id")) | Q(id__in=sold.values("variant_of")), variant_of=None)
    if q.strip():
        shown = shown.filter(begins_with("name_key", q) | Q(sku=q.strip()))
    if category_id:
        shown = shown.filter(id__in=products_in(category_id))
    return shown.order_by("name_key", "id")
