"""What the pages of one product share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from apps.business.catalog import queries


def head_of(product: Any) -> dict[str, Any]:
    """For the head of a page about a product: the product, what it is a variant of, and who deleted it."""
    if product.is_deleted:
        deletions = (change for change in queries.changes_of_product(product.id) if change.action == "deleted")
        product.deleted_by_name = next((change.actor_name for change in deletions), "")
    master = queries.product(product.variant_of_id, with_deleted=True) if product.is_variant else None
    return {"product": product, "master": master}


def uuids(texts: Iterable[str]) -> list[UUID]:
    """Those of the texts that are ids: a form sends no others."""
    return [found for text in texts if (found := _uuid(text)) is not None]


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
